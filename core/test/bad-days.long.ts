// The worst days of a whole kernel, under load: its database killed, a node killed, a node asked to stop. What was
// acknowledged is there afterwards, once; who called meanwhile was told to try again.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newId } from '@plinth/sdk';
import pg from 'pg';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Database } from '../database/database.ts';
import { type EmbeddedPostgres, openPostgres } from '../database/embedded/open.ts';
import { databaseRoles } from '../database/roles.ts';
import { verifyBooks } from '../ledger/verify.ts';
import { temporaryDirectory } from '../testing/directory.ts';
import type { BadNode, Founded } from './bad-node.ts';
import { ask, type Reply } from './caller.ts';

let place: string;
let server: EmbeddedPostgres;
const children: ChildProcess[] = [];
beforeEach(async () => {
  place = temporaryDirectory('bad-days');
  mkdirSync(join(place, 'data'));
  // The test looks into the database that the nodes use, and keeps it for them when they are gone.
  server = await openPostgres({ dataDir: join(place, 'data', 'postgres') });
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await server.stop();
  rmSync(place, { recursive: true, force: true });
});

async function aNode(options: Omit<BadNode, 'dataDir'> = {}) {
  const script = fileURLToPath(new URL('./bad-node.ts', import.meta.url));
  const given = JSON.stringify({ dataDir: join(place, 'data'), ...options } satisfies BadNode);
  const child = spawn(process.execPath, [script, given], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const exited = once(child, 'exit') as Promise<[number | null, string | null]>;
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), exited])) as [string];
  return { child, exited, ...(JSON.parse(line) as Founded) };
}

const PEOPLE = 8;
const ENOUGH = 1_000;
const CALLERS = 24;

/** People who open jars and tip each other as fast as they are answered, and remember what they were told. */
function aCrowd({ port, tokens }: Founded) {
  const jars: string[] = [];
  const tips = new Map<string, { jar: string; points: number }>();
  const refusals = new Map<string, number>();
  let acknowledged = 0;
  let running = true;
  let door = port;
  const note = ({ status, type, body }: Reply) => {
    const what = status === 0 ? 'nobody' : `${status} ${type.split(';')[0]} ${body.code}`;
    refusals.set(what, (refusals.get(what) ?? 0) + 1);
  };
  const pause = () => new Promise((resolve) => setTimeout(resolve, 20));
  const insist = async (who: number, route: string, body?: unknown, headers?: Record<string, string>) => {
    for (;;) {
      const reply = await ask({ port: door, token: tokens[who % PEOPLE] }, route, body, headers);
      if (reply.status >= 200 && reply.status < 300) return reply;
      note(reply);
      if (!running && refusals.size > 50) throw new Error(JSON.stringify([...refusals]));
      await pause();
    }
  };
  const call = async (who: number) => {
    while (running) {
      const jar = String((await insist(who, 'POST /api/tip-jar/jars', { title: 'Strings' })).body.id);
      jars.push(jar);
      acknowledged += 1;
      for (let index = 0; index < 3 && running; index++) {
        const key = newId();
        const points = 1 + Math.floor(Math.random() * 20);
        const headers = { 'idempotency-key': key };
        const { body } = await insist(who + 1, `POST /api/tip-jar/jars/${jar}/tips`, { points }, headers);
        tips.set(String(body.tipId), { jar, points });
        acknowledged += 1;
      }
    }
  };
  let calls: Promise<void>[] = [];
  return {
    jars,
    tips,
    refusals,
    async start() {
      for (let who = 0; who < PEOPLE; who++) await insist(who, 'POST /api/tip-jar/welcome');
      calls = Array.from({ length: CALLERS }, (_, who) => call(who));
    },
    /** From here on they go to another node. */
    moveTo: (other: number) => {
      door = other;
    },
    async more(count = ENOUGH) {
      const goal = acknowledged + count;
      await Promise.race([Promise.all(calls), vi.waitUntil(() => acknowledged >= goal, { timeout: 120_000 })]);
    },
    async stop() {
      running = false;
      await Promise.all(calls);
    },
  };
}

async function rowsOf<R extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<R[]> {
  const client = new pg.Client(server.connect.owner);
  await client.connect();
  try {
    return (await client.query<R>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** Everything that was acknowledged is there, once, and what follows from it was done. */
async function everythingIsThere({ jars, tips }: ReturnType<typeof aCrowd>, tenantId: string): Promise<void> {
  const stored = await rowsOf<{ id: string }>(
    `select id from tip_jar.document where tenant_id = $1 and collection = 'jars'`,
    [tenantId],
  );
  const known = new Set(stored.map(({ id }) => id));
  expect(jars.filter((id) => !known.has(id))).toEqual([]);
  // The consumer settles each tip, and its job thanks for it.
  process.stderr.write(`${jars.length} jars, ${tips.size} tips acknowledged\n`);
  const open = () =>
    rowsOf(
      `select id from tip_jar.document where tenant_id = $1 and collection = 'tips'
       and (value ->> 'state' <> 'settled' or value ->> 'thanks' is null)`,
      [tenantId],
    );
  const began = performance.now();
  await vi.waitFor(async () => expect(await open()).toEqual([]), { timeout: 120_000, interval: 500 });
  process.stderr.write(`${Math.round((performance.now() - began) / 1000)} s until all were thanked\n`);
  const posted = await rowsOf<{ key: string; minor: string }>(
    `select key, minor from ledger.transfer where tenant_id = $1 and key like 'tip-jar/tip-%'`,
    [tenantId],
  );
  const told = [...tips].map(([id, { points }]) => [`tip-jar/tip-${id}`, points] as const);
  expect(posted).toHaveLength(told.length);
  expect(new Map(posted.map(({ key, minor }) => [key, Number(minor)]))).toEqual(new Map(told));
  const { owner } = server.connect;
  const roles = databaseRoles(`plinth_${owner.database}`);
  const database = new Database({ ...owner, user: roles.app }, roles);
  expect((await verifyBooks(database, tenantId)).entries).toBeGreaterThanOrEqual(told.length);
  await database.close();
}

/** Every process of the server at once, with no chance to write anything. */
function killServer(): void {
  const postmaster = readFileSync(join(place, 'data/postgres/data/postmaster.pid'), 'utf8').split('\n')[0] ?? '';
  const workers = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === postmaster);
  for (const pid of [postmaster, ...workers]) process.kill(Number(pid), 'SIGKILL');
}

function parentOf(pid: string): string | undefined {
  try {
    return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

test('a database killed under load takes nothing with it, and the kernel is back with it', async () => {
  const node = await aNode({ people: PEOPLE });
  const crowd = aCrowd(node);
  await crowd.start();
  for (let kill = 0; kill < 3; kill++) {
    await crowd.more();
    killServer();
  }
  await crowd.more();
  await crowd.stop();
  await everythingIsThere(crowd, node.tenantId);
  // Who called meanwhile was told to try again, and by nothing else.
  expect([...crowd.refusals.keys()]).toEqual(['503 application/problem+json kernel.unavailable']);
  node.child.kill('SIGTERM');
  expect(await node.exited).toEqual([0, null]);
});

test('a node killed under load is taken over by another', async () => {
  const { owner } = server.connect;
  const one = await aNode({ owner, people: PEOPLE });
  const two = await aNode({ owner });
  const crowd = aCrowd(one);
  await crowd.start();
  await crowd.more();
  one.child.kill('SIGKILL');
  crowd.moveTo(two.port);
  await crowd.more();
  await crowd.stop();
  await everythingIsThere(crowd, one.tenantId);
  expect([...crowd.refusals.keys()].filter((what) => what !== 'nobody')).toEqual([]);
  two.child.kill('SIGTERM');
  expect(await two.exited).toEqual([0, null]);
});

test('a node that is asked to stop under load finishes what it has begun, and ends with everything it started', async () => {
  await server.stop();
  const node = await aNode({ people: PEOPLE });
  const crowd = aCrowd(node);
  await crowd.start();
  await crowd.more(200);
  const begun = await Promise.all(Array.from({ length: 10 }, () => beginRequest(node)));
  node.child.kill('SIGTERM');
  // New ones are refused …
  await vi.waitFor(() => expect(refused(node.port)).resolves.toBe(true), { timeout: 20_000 });
  // … and what was begun is finished.
  for (const finish of begun) expect(await finish()).toMatch(/^HTTP\/1\.1 201 /);
  expect(await node.exited).toEqual([0, null]);
  expect([...crowd.refusals.keys()].filter((what) => !/^(nobody|503 .* kernel\.draining)$/.test(what))).toEqual([]);
  expect(existsSync(join(place, 'data/postgres/data/postmaster.pid'))).toBe(false);
  server = await openPostgres({ dataDir: join(place, 'data', 'postgres') });
  const back = await aNode();
  crowd.moveTo(back.port);
  await crowd.stop();
  await everythingIsThere(crowd, node.tenantId);
});

/** A request whose head was taken: the rest is sent by the function it answers, which gives the reply. */
async function beginRequest({ port, tokens }: Founded): Promise<() => Promise<string>> {
  const body = JSON.stringify({ title: 'Slow' });
  const socket = connect(port, '127.0.0.1');
  const head = [
    ...['POST /api/tip-jar/jars HTTP/1.1', 'Host: site.localhost', `Authorization: Bearer ${tokens[0]}`],
    ...['Content-Type: application/json', `Content-Length: ${body.length}`, 'Expect: 100-continue', '', ''],
  ];
  socket.write(head.join('\r\n'));
  expect(String(await nextOf(socket))).toMatch(/^HTTP\/1\.1 100 /);
  return async () => {
    const reply = nextOf(socket);
    socket.write(body);
    const told = String(await reply);
    socket.destroy();
    return told;
  };
}

const nextOf = async (socket: Socket): Promise<Buffer> => ((await once(socket, 'data')) as [Buffer])[0];

function refused(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => resolve(false)).on('error', () => resolve(true));
    socket.on('connect', () => socket.destroy());
  });
}
