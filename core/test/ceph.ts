// A real S3 server for tests: Ceph's object gateway over one monitor and one store in memory. From Debian's
// ceph-mon, ceph-osd, radosgw and ceph-common; nothing of it outlives the test.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Ceph {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Somebody who may keep one MiB. */
  readonly small: { readonly accessKeyId: string; readonly secretAccessKey: string };
  stop(): Promise<void>;
}

export async function startCeph(): Promise<Ceph> {
  const dir = mkdtempSync(join(tmpdir(), 'plinth-ceph-'));
  const [monitor, gateway] = [await freePort(), await freePort()];
  const config = join(dir, 'ceph.conf');
  const fsid = randomUUID();
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(join(dir, name));
  writeFileSync(config, configText(dir, fsid, monitor, gateway));

  const run = async (program: string, ...args: string[]) =>
    (await promisify(execFile)(program, ['-c', config, ...args], { timeout: 60_000, cwd: dir })).stdout;
  const daemons: ChildProcess[] = [];
  const daemon = (program: string, ...args: string[]) => {
    const child = spawn(program, ['-c', config, '-f', ...args], { cwd: dir, stdio: 'ignore' });
    daemons.push(child);
  };
  const stop = async () => {
    for (const child of daemons.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      // All of it is in memory and thrown away: there is nothing to save by asking nicely.
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(dir, { recursive: true, force: true });
  };

  try {
    await run(
      'monmaptool',
      '--create',
      '--fsid',
      fsid,
      '--addv',
      'a',
      `[v2:127.0.0.1:${monitor}]`,
      join(dir, 'monmap'),
    );
    await run('ceph-mon', '--mkfs', '-i', 'a', '--monmap', join(dir, 'monmap'));
    daemon('ceph-mon', '-i', 'a');
    const osd = randomUUID();
    await run('ceph', '--connect-timeout', '30', 'osd', 'new', osd);
    await run('ceph-osd', '--mkfs', '-i', '0', '--osd-uuid', osd);
    daemon('ceph-osd', '-i', '0');
    const user = async (uid: string) => {
      const [accessKeyId, secretAccessKey] = [randomBytes(10).toString('hex'), randomBytes(20).toString('hex')];
      const keys = ['--access-key', accessKeyId, '--secret-key', secretAccessKey];
      await run('radosgw-admin', 'user', 'create', `--uid=${uid}`, `--display-name=${uid}`, ...keys);
      return { accessKeyId, secretAccessKey };
    };
    const [keys, small] = [await user('plinth'), await user('small')];
    const quota = ['--uid=small', '--quota-scope=user'];
    await run('radosgw-admin', 'quota', 'set', ...quota, '--max-size=1M');
    await run('radosgw-admin', 'quota', 'enable', ...quota);
    daemon('radosgw', '--id', 'rgw');
    const endpoint = `http://127.0.0.1:${gateway}`;
    await answering(endpoint);
    return { endpoint, ...keys, small, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configText(dir: string, fsid: string, monitor: number, gateway: number): string {
  return `[global]
fsid = ${fsid}
mon host = [v2:127.0.0.1:${monitor}]
mon initial members = a
public addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon client mode = crc
run dir = ${dir}
admin socket =
log file = ${dir}/$name.log
log to stderr = false
mon cluster log file = ${dir}/cluster.log
crash dir = ${dir}
mon data = ${dir}/mon
osd data = ${dir}/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd crush chooseleaf type = 0
osd crush update on start = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
osd max object name len = 256
rgw data = ${dir}/rgw
rgw frontends = beast endpoint=127.0.0.1:${gateway}
rgw dns name = 127.0.0.1
`;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address ? address.port : 0;
}

async function answering(endpoint: string): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (performance.now() < deadline) {
    if (
      await fetch(endpoint).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
    await pause(200);
  }
  throw new Error('Ceph’s gateway did not answer within 90 seconds.');
}
