import { setTimeout as sleep } from 'node:timers/promises';
import { type Log, newId } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { Loop } from './loop.ts';

export interface LineDeps<Seen> {
  readonly database: Database;
  readonly log: Log;
  /** `events` or `jobs`: rooms elect their leaders apart. */
  readonly room: string;
  /** How much this node does at once, for others to know. */
  readonly slots?: number;
  /** What the room wants to know every second, as SQL for one row: it is asked along with the sign of life. */
  readonly look: () => string;
  readonly onLook: (seen: Seen) => void;
  /** Another node rang: look for work. */
  readonly onRing: () => void;
  /** On the leader, when a node has died and every five seconds: give away what nodes that are no members have in hand. */
  readonly onSweep: () => Promise<void>;
  /** On every node, at the start and every hour; a new leader begins with it. */
  readonly onHour: () => Promise<void>;
}

const TICK_MS = 1_000;
const SWEEP_TICKS = 5;
const HOUR_TICKS = 3_600;
/** So many ticks of the leader without a sign of life: the node is dead. Ticks, because they stop with the database. */
const SILENT_TICKS = 5;
/** A commit that wakes nobody else within this time is heard with the next one. */
const RING_MS = 10;
/** A connection that is dead without a word would hold us up for as long as the system likes. */
const ANSWER_MS = 10_000;
const LOCK_CLASS = 7_146_502;

/**
 * A room's own connection to the database, for what outlives a transaction: hearing other nodes, saying that this node
 * lives, and the session lock that makes one node the leader. When it breaks, leadership goes with it and it is built
 * again. Other nodes are rung apart from commits: a NOTIFY in every commit would serialise them all.
 */
export class Line<Seen> {
  /** Names this node in what it has in hand. */
  readonly id = newId();
  leading = false;
  readonly #deps: LineDeps<Seen>;
  readonly #ticking = new Loop(
    () => this.#tick(),
    (error) => this.#warn('line-down', error),
  );
  readonly #bell = new Loop(
    () => this.#notify(),
    (error) => this.#warn('bell-out-of-order', error),
  );
  #client: pg.PoolClient | undefined;
  #alone = false;
  #ticks = 0;

  constructor(deps: LineDeps<Seen>) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    await this.#tick();
    // A leader that has been alone so far had nobody to ring.
    this.#bell.wake();
    this.#ticking.wake();
  }

  /** Tells the other nodes that there is work. */
  ring(): void {
    if (this.#client && !(this.leading && this.#alone)) this.#bell.wake();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#ticking.stop(), this.#bell.stop()]);
    await this.#ask(`delete from kernel.member where id = '${this.id}'`).catch(() => {});
    this.#hangUp();
  }

  async #notify(): Promise<undefined> {
    // Not worth waiting for the disk: who misses it looks by himself within a second.
    const text = `begin; set local synchronous_commit = off; notify plinth_${this.#deps.room}; commit`;
    await this.#deps.database.pool.query(text);
    await sleep(RING_MS);
  }

  async #tick(): Promise<number> {
    try {
      if (!this.#client) await this.#dial();
      const seen = await this.#signOfLife();
      if (this.leading && (seen.dead.length > 0 || this.#ticks % SWEEP_TICKS === 0)) {
        await this.#deps.onSweep().catch((error: unknown) => this.#warn('sweep-failed', error));
      }
      if (this.#ticks++ % HOUR_TICKS === 0) {
        this.#deps.onHour().catch((error: unknown) => this.#warn('hourly-work-failed', error));
      }
      this.#deps.onLook(seen);
      return TICK_MS;
    } catch (error) {
      this.#hangUp();
      throw error;
    }
  }

  async #dial(): Promise<void> {
    const client = await this.#deps.database.pool.connect();
    this.#client = client;
    client.on('notification', () => {
      this.#alone = false;
      this.#deps.onRing();
    });
    client.on('error', () => this.#hangUp());
    await this.#query(`listen plinth_${this.#deps.room}`);
  }

  #hangUp(): void {
    // Ending the session gives back the lock and the subscription.
    this.#client?.release(true);
    this.#client = undefined;
    this.leading = false;
  }

  /** Says that this node lives, buries those that have not said so for too long, and looks. */
  async #signOfLife(): Promise<Seen & { dead: string[] }> {
    const room = `'${this.#deps.room}'`;
    const lock = `pg_try_advisory_lock(${LOCK_CLASS}, hashtext(${room}))`;
    const results = await this.#ask(`
      insert into kernel.member (id, room, slots) values ('${this.id}', ${room}, ${this.#deps.slots ?? 0}) on conflict (id) do update set silent = 0;
      update kernel.member set silent = silent + 1 where ${this.leading} and room = ${room} and id <> '${this.id}';
      delete from kernel.member where ${this.leading} and room = ${room} and silent > ${SILENT_TICKS} returning id;
      select ${this.leading || lock} as leading, (select count(*)::int from kernel.member where room = ${room}) as members,
        seen.* from (${this.#deps.look()}) as seen`);
    const [buried, looked] = results.slice(-3);
    const { leading, members, ...seen } = looked?.rows[0] ?? {};
    if (leading && !this.leading) this.#ticks = 0;
    this.leading = leading;
    this.#alone = members === 1;
    const dead = buried?.rows.map((row) => row.id) ?? [];
    if (dead.length > 0) this.#deps.log.warn('node-silent', { room: this.#deps.room, nodes: dead });
    return { ...seen, dead };
  }

  /** One round trip, as the kernel's spanning role. Every value in it was made by us. */
  async #ask(sql: string): Promise<pg.QueryResult[]> {
    const system = this.#deps.database.roles.system;
    return this.#query(`begin; set local synchronous_commit = off; set local role "${system}"; ${sql}; commit`);
  }

  async #query(text: string): Promise<pg.QueryResult[]> {
    const query = { text, query_timeout: ANSWER_MS };
    const results: unknown = await this.#client?.query(query);
    return results as pg.QueryResult[];
  }

  #warn(event: string, error: unknown): void {
    this.#deps.log.warn(event, { room: this.#deps.room, error: String(error) });
  }
}
