// A PostgreSQL of a test's own that can be killed with all its processes and brought back.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EmbeddedPostgres, openPostgres } from '../../database/embedded/open.ts';
import type { Connection } from '../../testing/database.ts';

export interface KillablePostgres {
  /** Stays the same over its lives. */
  readonly connection: Connection;
  kill(): Promise<void>;
  revive(): Promise<void>;
  stop(): Promise<void>;
}

export async function aPostgres(): Promise<KillablePostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-killable-'));
  const address = join(directory, 'address');
  const start = async (): Promise<EmbeddedPostgres> => {
    // Killed processes lose nothing that was handed to the system, so the disk may be spared.
    const settings = { fsync: 'off', max_connections: '150' };
    const started = await openPostgres({ dataDir: join(directory, 'postgres'), settings });
    rmSync(address, { force: true });
    symlinkSync(started.connect.owner.host, address);
    return started;
  };
  let server = await start();
  return {
    connection: { ...server.connect.owner, host: address },
    revive: async () => {
      server = await start();
    },
    async kill() {
      const pid = readFileSync(join(directory, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0] ?? '';
      const children = execFileSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' });
      for (const each of [pid, ...children.split('\n')].map(Number)) {
        try {
          if (each > 1) process.kill(each, 'SIGKILL');
        } catch {
          // Gone with its parent.
        }
      }
    },
    async stop() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
