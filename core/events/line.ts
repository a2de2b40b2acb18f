import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { type Backoff, backoff } from './backoff.ts';

export interface LineDeps {
  readonly database: Database;
  readonly log: Log;
  /** `events` or `jobs`: rooms elect their leaders apart. */
  readonly room: string;
  /** Another node rang, a second has passed, or the line is up again: look for work. */
  readonly onWake: () => void;
  /** On the leader, every second: give away what nodes that are no members have in hand. */
  readonly onSweep: () => Promise<void>;
}

const TICK_MS = 1_000;
/** A commit that wakes nobody else within this time is heard with the next one. */
const RING_MS = 10;
/** So many ticks of the leader without a sign of life: the node is dead. Ticks, because they stop with the database. */
const SILENT_TICKS = 5;
const RECONNECT: Backoff = { first: 100, factor: 2, most: 5_000 };
/** A connection that is dead without a word would hold us up for as long as the system likes. */
const TICK_LASTS_MS = 10_000;
const LOCK_CLASS = 7_146_502;

/**
 * A room's own connection to the database, for what outlives a transaction: hearing other nodes, ringing them (a NOTIFY
 * in every commit would serialise all commits, so it is sent apart, at most every 10 ms), saying that this node lives,
 * and the session lock that makes one node the leader. When it breaks, leadership goes with it and it is built again.
 */
export class Line {
  /** Names this node in what it has in hand. */
  readonly id = newId();
  readonly #deps: LineDeps;
  #client: pg.PoolClient | undefined;
  #queries: Promise<unknown> = Promise.resolve();
  #leading = false;
  #alone = false;
  #stopped = new AbortController();
  #running: Promise<void> | undefined;
  #ringing = false;
  #ringAgain = false;
  #silence = new Map<string, { seenAt: string; ticks: number }>();

  constructor(deps: LineDeps) {
    this.#deps = deps;
  }

  get leading(): boolean {
    return this.#leading;
  }

  async start(): Promise<void> {
    await this.#tick();
    // A leader that has been alone so far had nobody to ring.
    this.#notify();
    this.#running = this.#keepTicking();
  }

  /** Tells the other nodes that there is work. */
  ring(): void {
    if (this.#leading && this.#alone) return;
    if (this.#ringing) {
      this.#ringAgain = true;
      return;
    }
    this.#ringing = true;
    this.#notify();
    setTimeout(() => {
      this.#ringing = false;
      if (!this.#ringAgain) return;
      this.#ringAgain = false;
      this.ring();
    }, RING_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
    const client = this.#client;
    if (client)
      await this.#query(client, this.#as(`delete from kernel.member where id = '${this.id}'`)).catch(() => {});
    this.#hangUp();
  }

  #notify(): void {
    // Not worth waiting for the disk: who misses it looks by himself within a second.
    const text = `begin; set local synchronous_commit = off; notify plinth_${this.#deps.room}; commit`;
    if (this.#client) this.#query(this.#client, text).catch(() => {});
  }

  async #keepTicking(): Promise<void> {
    let failures = 0;
    while (!this.#stopped.signal.aborted) {
      const pause = failures === 0 ? TICK_MS : backoff(RECONNECT, failures);
      await sleep(pause, undefined, { signal: this.#stopped.signal, ref: false }).catch(() => {});
      if (this.#stopped.signal.aborted) return;
      try {
        await inTime(this.#tick());
        failures = 0;
      } catch (error) {
        this.#hangUp();
        if (failures++ === 0) this.#warn('line-down', error);
      }
    }
  }

  async #tick(): Promise<void> {
    const client = this.#client ?? (await this.#dial());
    const members = await this.#signOfLife(client);
    if (!this.#leading) {
      const lock = `select pg_try_advisory_lock(${LOCK_CLASS}, hashtext('${this.#deps.room}')) as got`;
      const { rows } = await this.#query<pg.QueryResult<{ got: boolean }>>(client, lock);
      this.#leading = rows[0]?.got === true;
      this.#silence.clear();
    }
    if (this.#leading) {
      this.#alone = members.length === 1;
      await this.#bury(client, members);
      await this.#deps.onSweep().catch((error: unknown) => this.#warn('sweep-failed', error));
    }
    this.#deps.onWake();
  }

  async #dial(): Promise<pg.PoolClient> {
    const client = await this.#deps.database.pool.connect();
    // So late that nobody waits for it any more.
    if (this.#client || this.#stopped.signal.aborted) {
      client.release(true);
      throw new Error('the line was built too late');
    }
    this.#client = client;
    client.on('notification', () => {
      this.#alone = false;
      this.#deps.onWake();
    });
    client.on('error', () => this.#hangUp());
    await client.query(`listen plinth_${this.#deps.room}`);
    return client;
  }

  #hangUp(): void {
    const client = this.#client;
    this.#client = undefined;
    this.#queries = Promise.resolve();
    this.#leading = false;
    // Ending the session gives back the lock and the subscription.
    client?.release(true);
  }

  async #signOfLife(client: pg.PoolClient): Promise<{ id: string; seen_at: string }[]> {
    const room = this.#deps.room;
    const results = await this.#query<pg.QueryResult[]>(
      client,
      this.#as(
        `insert into kernel.member (id, room, seen_at) values ('${this.id}', '${room}', now())
         on conflict (id) do update set seen_at = now();
         select id, seen_at::text from kernel.member where room = '${room}'`,
      ),
    );
    return results.flatMap(({ command, rows }) => (command === 'SELECT' ? rows : []));
  }

  async #bury(client: pg.PoolClient, members: readonly { id: string; seen_at: string }[]): Promise<void> {
    const dead: string[] = [];
    for (const { id, seen_at: seenAt } of members) {
      const before = this.#silence.get(id);
      const ticks = before?.seenAt === seenAt ? before.ticks + 1 : 0;
      this.#silence.set(id, { seenAt, ticks });
      if (ticks >= SILENT_TICKS) dead.push(id);
    }
    if (dead.length === 0) return;
    for (const id of dead) this.#silence.delete(id);
    this.#deps.log.warn('node-silent', { room: this.#deps.room, nodes: dead });
    const list = dead.map((id) => `'${id}'`).join(', ');
    await this.#query(client, this.#as(`delete from kernel.member where id in (${list})`));
  }

  /** One query after the other, whoever asks. */
  #query<R>(client: pg.PoolClient, text: string): Promise<R> {
    const result = this.#queries.then(() => client.query(text) as unknown as Promise<R>);
    this.#queries = result.catch(() => {});
    return result;
  }

  #warn(event: string, error: unknown): void {
    this.#deps.log.warn(event, { room: this.#deps.room, error: String(error) });
  }

  /** One round trip, as the kernel's spanning role. Every value in it was made by us or read from a uuid column. */
  #as(sql: string): string {
    const system = this.#deps.database.roles.system;
    return `begin; set local synchronous_commit = off; set local role "${system}"; ${sql}; commit`;
  }
}

function inTime(tick: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('the database does not answer')), TICK_LASTS_MS);
  return Promise.race([tick, late]).finally(() => clearTimeout(timer));
}
