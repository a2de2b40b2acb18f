// The worst days: the whole server killed under load, and a node killed under load.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { newId } from '@plinth/sdk';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type EmbeddedPostgres, openPostgres } from '../database/embedded/open.ts';
import { aBook, migrateBooks, openNode, refusal } from './ledger-books.ts';

let place: string;
let server: EmbeddedPostgres;
let nodes: ReturnType<typeof openNode>[];
beforeAll(async () => {
  place = mkdtempSync(join(tmpdir(), 'plinth-crash-'));
  server = await openPostgres({ dataDir: join(place, 'postgres') });
  await migrateBooks(server.connect.owner);
  nodes = [openNode(server.connect.owner), openNode(server.connect.owner)];
});
afterAll(async () => {
  for (const node of nodes) await node.close();
  await server.stop();
  rmSync(place, { recursive: true });
});

const ACKNOWLEDGED_BETWEEN_KILLS = 1_500;
const PEOPLE = 50;
const person = (index: number) => `person:${index % PEOPLE}`;

/** Every process of the server at once, with no chance to write anything. */
function killServer(): void {
  const postmaster = readFileSync(join(place, 'postgres', 'data', 'postmaster.pid'), 'utf8').split('\n')[0];
  const children = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && parentOf(pid) === postmaster);
  for (const pid of [postmaster, ...children]) process.kill(Number(pid), 'SIGKILL');
}

function parentOf(pid: string): string | undefined {
  try {
    return /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

async function rowsOf(sql: string, values: unknown[]) {
  const client = new pg.Client(server.connect.owner);
  await client.connect();
  const { rows } = await client.query(sql, values);
  await client.end();
  return rows;
}

test('a server killed under load loses nothing that was acknowledged and does nothing twice', async () => {
  const tenantId = newId();
  const books = nodes.map((node) => aBook(node.ledger, { tenantId }));
  const answers = new Map<string, unknown>();
  let retries = 0;
  let running = true;
  const caller = async (book: (typeof books)[number]) => {
    while (running) {
      const key = newId();
      const from = Math.floor(Math.random() * (PEOPLE + 4));
      const to = from + 1 + Math.floor(Math.random() * (PEOPLE - 1));
      const input = {
        from: from < PEOPLE ? person(from) : 'source:mint',
        to: person(to),
        minor: 1 + Math.floor(Math.random() * 20),
      };
      const ask = () => refusal(book.move(input.from, input.to, input.minor, { key }));
      let answer = await ask();
      while (answer === 'unavailable') {
        retries += 1;
        answer = await ask();
      }
      answers.set(key, answer);
    }
  };
  const callers = Array.from({ length: 200 }, (_, index) => caller(books[index % 2] as (typeof books)[number]));
  for (let kill = 0; kill <= 4; kill++) {
    const before = acknowledged().length;
    while (acknowledged().length < before + ACKNOWLEDGED_BETWEEN_KILLS)
      await new Promise((resolve) => setTimeout(resolve, 5));
    if (kill < 4) killServer();
  }
  running = false;
  await Promise.all(callers);

  function acknowledged(): string[] {
    return [...answers].filter(([, answer]) => typeof answer === 'object').map(([key]) => key);
  }
  expect([...new Set(answers.values())].filter((answer) => typeof answer !== 'object')).toEqual(['insufficient_funds']);
  const stored = await rowsOf('select key, post from ledger.transfer where tenant_id = $1', [tenantId]);
  const told = [...answers].flatMap(([key, answer]) =>
    typeof answer === 'object' ? [[`kernel/${key}`, (answer as { answered: { post: number } }).answered.post]] : [],
  );
  expect(new Map(stored.map(({ key, post }) => [key, Number(post)]))).toEqual(new Map(told as [string, number][]));
  expect(stored).toHaveLength(told.length);
  expect(await nodes[0]?.ledger.verify()).toEqual({ books: 1, entries: told.length });
  process.stderr.write(
    `${told.length} acknowledged, ${answers.size - told.length} refused, ${retries} asked again by callers\n`,
  );
});

test('a node killed under load loses nothing that it acknowledged, and another goes on with its book', async () => {
  const tenantId = newId();
  const script = fileURLToPath(new URL('./ledger-node.ts', import.meta.url));
  const child = spawn(process.execPath, [script, JSON.stringify(server.connect.owner), tenantId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const book = aBook((nodes[0] as (typeof nodes)[number]).ledger, { tenantId });
  const acknowledged: string[] = [];
  for await (const key of createInterface({ input: child.stdout })) {
    acknowledged.push(key);
    if (acknowledged.length % 100 === 0) await book.move('source:mint', 'person:2', 1);
    if (acknowledged.length === ACKNOWLEDGED_BETWEEN_KILLS) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  for (let index = 0; index < ACKNOWLEDGED_BETWEEN_KILLS; index++)
    acknowledged.push(`after ${index}`.replace(' ', '-'));
  await Promise.all(
    acknowledged.slice(-ACKNOWLEDGED_BETWEEN_KILLS).map((key) => book.move('source:mint', 'person:2', 1, { key })),
  );

  const stored = new Set(
    (await rowsOf('select key from ledger.transfer where tenant_id = $1', [tenantId])).map(({ key }) => key),
  );
  expect(acknowledged.filter((key) => !stored.has(`kernel/${key}`))).toEqual([]);
  expect(await book.verify()).toEqual({ books: 1, entries: stored.size });
});

test('a book that somebody keeps locked delays the others of its batch, not for ever, and is there again', async () => {
  const ledger = (nodes[0] as (typeof nodes)[number]).ledger;
  // Ids that end alike share a lane.
  const tenants = ['1', '2', '3'].map((digit) => `${newId().slice(0, -5)}${digit}aaaa`);
  const books = tenants.map((tenantId) => aBook(ledger, { tenantId }));
  await Promise.all(books.map((book) => book.move('source:mint', 'person:1', 1)));
  const client = new pg.Client(server.connect.owner);
  await client.connect();
  await client.query('begin');
  await client.query('select from ledger.book where tenant_id = $1 for update', [tenants[1]]);
  const answers = await Promise.all(
    books.map((book) => refusal(book.move('source:mint', 'person:1', 1, { key: 'late' }))),
  );
  expect(answers).toMatchObject([{ answered: { post: 2 } }, 'unavailable', { answered: { post: 2 } }]);
  await client.query('rollback');
  await client.end();
  expect(await books[1]?.move('source:mint', 'person:1', 1, { key: 'late' })).toMatchObject({ post: 2 });
});
