// Durable transfers per second: the ledger's group commit, the plain way of one interactive transaction per transfer,
// and pgbench's own tpcb-like, on one PostgreSQL, in turns.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@plinth/sdk';
import pg from 'pg';
import { Database } from '../core/database/database.ts';
import { openPostgres } from '../core/database/embedded/open.ts';
import { migrate } from '../core/database/migrate.ts';
import { databaseRoles } from '../core/database/roles.ts';
import { createLedger } from '../core/ledger/ledger.ts';
import { KERNEL } from '../core/ledger/names.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const PEOPLE = 1_000;
const CONNECTIONS = 16;
const LOG_FILES = 64;

type Connection = { host: string; user: string; database: string };
type Move = (from: number, to: number) => Promise<unknown>;

export default async function ledger(): Promise<BenchResult> {
  const place = mkdtempSync(join(tmpdir(), 'plinth-ledger-'));
  const settings = { min_wal_size: `${LOG_FILES * 16}MB`, max_wal_size: '2GB' };
  const server = await openPostgres({ dataDir: join(place, 'postgres'), settings });
  try {
    return await compare(server.connect.owner);
  } finally {
    await server.stop();
    rmSync(place, { recursive: true });
  }
}

async function compare(owner: Connection): Promise<BenchResult> {
  const batched = await batchedWay(owner);
  const naive = await naiveWay(owner);
  const pgbench = pgbenchWay(owner);
  await age(owner);
  const rounds: Round[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const found = {
      naive: await load(naive.move, 256),
      batched: await load(batched.move, 256),
      pgbench: pgbench?.(),
      naiveHot: await load(naive.move, 256, 0),
      batchedHot: await load(batched.move, 256, 0),
      naiveAt16: await load(naive.move, 16),
      batchedAt16: await load(batched.move, 16),
    };
    // The first round warms caches, prepared statements and the compiler.
    if (round > 0) rounds.push(found);
  }
  await batched.close();
  await naive.close();
  return resultOf(rounds);
}

interface Round {
  readonly naive: Load;
  readonly batched: Load;
  readonly pgbench: number | undefined;
  readonly naiveHot: Load;
  readonly batchedHot: Load;
  readonly naiveAt16: Load;
  readonly batchedAt16: Load;
}

function resultOf(rounds: readonly Round[]): BenchResult {
  const of = (value: (round: Round) => number) => Number(median(rounds.map(value)).toPrecision(3));
  const there = rounds.every(({ pgbench }) => pgbench !== undefined);
  return {
    ratio: {
      naive: of(({ batched, naive }) => batched.perSecond / naive.perSecond),
      ...(there ? { pgbench: of(({ batched, pgbench }) => batched.perSecond / (pgbench ?? Number.NaN)) } : {}),
      hot: of(({ batchedHot, naiveHot }) => batchedHot.perSecond / naiveHot.perSecond),
    },
    medians: {
      naiveAt16Ratio: of(({ batchedAt16, naiveAt16 }) => batchedAt16.perSecond / naiveAt16.perSecond),
      batchedPerSecond: of(({ batched }) => batched.perSecond),
      batchedP99Ms: of(({ batched }) => batched.p99Ms),
      batchedHotPerSecond: of(({ batchedHot }) => batchedHot.perSecond),
      batchedHotP99Ms: of(({ batchedHot }) => batchedHot.p99Ms),
      batchedAt16PerSecond: of(({ batchedAt16 }) => batchedAt16.perSecond),
      naivePerSecond: of(({ naive }) => naive.perSecond),
      naiveHotPerSecond: of(({ naiveHot }) => naiveHot.perSecond),
      naiveAt16PerSecond: of(({ naiveAt16 }) => naiveAt16.perSecond),
      pgbenchPerSecond: there ? of(({ pgbench }) => pgbench ?? Number.NaN) : 'left out: pgbench is not installed',
      rounds: rounds.length,
    },
  };
}

interface Load {
  readonly perSecond: number;
  readonly p99Ms: number;
}

/** So many callers, each asking again when it is answered. */
async function load(move: Move, callers: number, hotAccount?: number): Promise<Load> {
  const latencies: number[] = [];
  const began = performance.now();
  const caller = async () => {
    for (let now = began; now - began < ROUND_MS; ) {
      const from = 1 + Math.floor(Math.random() * (PEOPLE - 1));
      const to = hotAccount ?? 1 + ((from + Math.floor(Math.random() * (PEOPLE - 2))) % (PEOPLE - 1));
      await move(from, to === from ? (from % (PEOPLE - 1)) + 1 : to);
      const then = performance.now();
      latencies.push(then - now);
      now = then;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const seconds = (performance.now() - began) / 1000;
  return {
    perSecond: latencies.length / seconds,
    p99Ms: latencies.sort((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0,
  };
}

async function batchedWay(owner: Connection) {
  const roles = databaseRoles('plinth_bench');
  const unit = (room: string, schema: string) => ({
    id: `kernel/${room}`,
    schema,
    folder: new URL(`../core/${room}/migrations/`, import.meta.url),
  });
  await migrate(owner, roles, [unit('tenancy', 'kernel'), unit('events', 'kernel'), unit('ledger', 'ledger')]);
  const database = new Database({ ...owner, user: roles.app }, roles);
  const ledger = createLedger({ database, clock: { now: () => new Date() } });
  const who = { tenantId: newId(), party: KERNEL };
  const move = (from: string, to: string, minor: number) =>
    ledger.post(who, { key: newId(), transfers: [{ from, to, currency: 'coin', minor }] });
  const names = Array.from({ length: PEOPLE }, () => `person:${newId()}`);
  await Promise.all(names.map((name) => move('source:mint', name, 1_000_000_000)));
  return {
    move: (from: number, to: number) => move(names[from] ?? '', names[to] ?? '', 1),
    async close() {
      const { broken } = await ledger.verify();
      if (broken) throw new Error(`The ledger does not verify: ${broken.reason}`);
      await ledger.drain?.();
      await ledger.stop?.();
      await database.close();
    },
  };
}

/** What one would write first: correct, durable, idempotent, and seven round trips. */
async function naiveWay(owner: Connection) {
  const pool = new pg.Pool({ ...owner, max: CONNECTIONS });
  await pool.query(`create schema naive;
    create table naive.account (id int primary key, balance bigint not null check (balance >= 0));
    create table naive.transfer (id uuid primary key, key text not null unique, at timestamptz not null default now());
    create table naive.posting (transfer uuid not null references naive.transfer, account int not null references naive.account, minor bigint not null,
      primary key (transfer, account));
    create index on naive.posting (account);
    insert into naive.account select n, 1000000000 from generate_series(0, ${PEOPLE - 1}) as n`);
  const move = async (from: number, to: number) => {
    const client = await pool.connect();
    const run = (name: string, text: string, values: unknown[]) => client.query({ name, text, values });
    const id = newId();
    await client.query('begin');
    await run('transfer', 'insert into naive.transfer (id, key) values ($1, $2)', [id, `bench/${id}`]);
    await run('lock', 'select id, balance from naive.account where id in ($1, $2) order by id for update', [from, to]);
    await run('take', 'update naive.account set balance = balance - $2 where id = $1', [from, 1]);
    await run('give', 'update naive.account set balance = balance + $2 where id = $1', [to, 1]);
    await run('post', 'insert into naive.posting values ($1, $2, -$4::bigint), ($1, $3, $4)', [id, from, to, 1]);
    await client.query('commit');
    client.release();
  };
  return { move, close: () => pool.end() };
}

/** Log files are made once and used again for ever; a server that has run for a while is past making them. */
async function age(owner: Connection): Promise<void> {
  const client = new pg.Client(owner);
  await client.connect();
  for (let file = 0; file < LOG_FILES; file++) {
    await client.query(`select pg_logical_emit_message(true, 'bench', '')`);
    await client.query('select pg_switch_wal()');
  }
  await client.query('checkpoint');
  await client.end();
}

/** Transactions per second as pgbench counts them, or nothing where it is not installed. */
function pgbenchWay({ host, user, database }: Connection): (() => number) | undefined {
  const binary = findPgbench();
  if (!binary) return undefined;
  const run = (...args: string[]) =>
    execFileSync(binary, ['-h', host, '-U', user, ...args, database], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  run('-i', '-s', '20', '-q');
  return () =>
    Number(/tps = ([\d.]+)/.exec(run('-c', `${CONNECTIONS}`, '-j', '2', '-M', 'prepared', '-n', '-T', '2'))?.[1]);
}

function findPgbench(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).map((version) => join(debian, version, 'bin')) : [];
  return [...versions, ...(process.env.PATH ?? '').split(':')]
    .map((directory) => join(directory, 'pgbench'))
    .find((path) => existsSync(path));
}
