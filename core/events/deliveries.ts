import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { Handled } from './inbox.ts';
import type { ActorOnRecord } from './outbox.ts';

/** An event in front of one of its consumers. */
export interface Delivery extends Handled {
  /** `feed.video-published@1` */
  readonly event: string;
  readonly payload: unknown;
  /** Who made it happen. */
  readonly actor: ActorOnRecord;
  readonly requestId: string;
  /** 1 for the first. */
  readonly attempt: number;
  readonly emittedAt: Date;
  /** Its effect has been committed: only the delivery itself was not finished. */
  readonly handled: boolean;
}

/** A delivery that came another way, and its attempt. */
export type Pointer = Handled & Pick<Delivery, 'attempt'>;

/** How an attempt ended: with the effect, or with another attempt at `dueAt` (never, when it is dead). */
export type Outcome =
  | { readonly kind: 'done'; readonly of: Handled }
  | {
      readonly kind: 'waiting' | 'dead';
      readonly of: Handled;
      readonly attempt: number;
      readonly dueAt: Date;
      readonly error: string;
    };

/** The table of deliveries. None of its commits waits for the disk: each can be done again, and the inbox knows. */
export class Deliveries {
  readonly #database: Database;
  readonly #worker: string;

  constructor(database: Database, worker: string) {
    this.#database = database;
    this.#worker = worker;
  }

  async add(client: pg.ClientBase, deliveries: readonly Handled[], dueAt: Date): Promise<void> {
    await client.query({
      name: 'add-deliveries',
      text: `insert into kernel.delivery (tenant_id, event_id, consumer, due_at)
        select t, e, c, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as d (t, e, c) on conflict do nothing`,
      values: [...columns(deliveries), dueAt],
    });
  }

  /** What deliveries are about. Events that have been forgotten are missing. */
  async look(pointers: readonly Pointer[]): Promise<(Delivery | undefined)[]> {
    const rows = await this.#quickly<Delivery>({
      text: `with come as (
          select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as c (tenant_id, event_id, consumer, attempt))
        ${withFacts('come')}`,
      values: [...columns(pointers), pointers.map((each) => each.attempt)],
    });
    const found = new Map(rows.map((row) => [`${row.eventId} ${row.consumer}`, row]));
    return pointers.map((pointer) => found.get(`${pointer.eventId} ${pointer.consumer}`));
  }

  /** Takes what is due for these consumers, oldest first, and keeps other nodes away from it. */
  take(consumers: readonly string[], now: Date, most: number): Promise<Delivery[]> {
    return this.#quickly({
      name: 'take-deliveries',
      // By ctid: a join would be planned from statistics of a table that is empty one minute and full the next.
      text: `with taken as (
          update kernel.delivery set worker = $1, attempt = attempt + 1
          where ctid = any (array(
            select ctid from kernel.delivery
            where state = 'waiting' and worker is null and due_at <= $2 and consumer = any ($3)
            order by due_at limit $4 for update skip locked))
          returning tenant_id, event_id, consumer, attempt)
        ${withFacts('taken')} order by o.xid, o.seq`,
      values: [this.#worker, now, consumers, most],
    });
  }

  async finish(outcomes: readonly Outcome[]): Promise<void> {
    const done = outcomes.filter((outcome) => outcome.kind === 'done').map((outcome) => outcome.of);
    const failed = outcomes.filter((outcome) => outcome.kind !== 'done');
    if (done.length > 0) {
      // A handler that committed nothing is marked here.
      await this.#quickly({
        name: 'finish-deliveries',
        text: `with done as (select * from unnest($1::uuid[], $2::uuid[], $3::text[]) as d (tenant_id, event_id, consumer)),
          marked as (insert into kernel.inbox (tenant_id, event_id, consumer) select * from done on conflict do nothing)
          delete from kernel.delivery d using done
          where (d.tenant_id, d.event_id, d.consumer) = (done.tenant_id, done.event_id, done.consumer)`,
        values: columns(done),
      });
    }
    if (failed.length > 0) {
      // A node that was taken for dead may no longer have it in hand: then this changes nothing.
      await this.#quickly({
        text: `insert into kernel.delivery as d (tenant_id, event_id, consumer, state, attempt, due_at, error)
          select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::timestamptz[], $7::text[])
          on conflict (tenant_id, event_id, consumer) do update set state = excluded.state, attempt = excluded.attempt,
            due_at = excluded.due_at, error = excluded.error, worker = null where d.worker = $8`,
        values: [
          ...columns(failed.map((outcome) => outcome.of)),
          failed.map((outcome) => outcome.kind),
          failed.map((outcome) => outcome.attempt),
          failed.map((outcome) => outcome.dueAt),
          failed.map((outcome) => outcome.error),
          this.#worker,
        ],
      });
    }
  }

  /** What is said to be in this node's hand, but is not among these, is free again. */
  async release(except: readonly Handled[]): Promise<void> {
    await this.#quickly({
      text: `update kernel.delivery set worker = null where worker = $4 and (tenant_id, event_id, consumer) not in
        (select * from unnest($1::uuid[], $2::uuid[], $3::text[]))`,
      values: [...columns(except), this.#worker],
    });
  }

  /** What nodes that are gone had in hand is free again. */
  async releaseOrphans(): Promise<void> {
    await this.#quickly({
      text: `update kernel.delivery d set worker = null
        where worker is not null and not exists (select from kernel.member m where m.id = d.worker)`,
    });
  }

  #quickly<R extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<R[]> {
    return this.#database.spanning(async (_tx, client) => (await client.query<R>(query)).rows, 'quick');
  }
}

const withFacts = (
  deliveries: string,
) => `select t.tenant_id as "tenantId", t.event_id as "eventId", t.consumer, t.attempt,
    o.event, o.payload, o.actor, o.request_id as "requestId", o.created_at as "emittedAt",
    exists (select from kernel.inbox i where (i.tenant_id, i.consumer, i.event_id) = (t.tenant_id, t.consumer, t.event_id)) as handled
  from ${deliveries} t join kernel.outbox o on (o.tenant_id, o.id) = (t.tenant_id, t.event_id)`;

const columns = (all: readonly Handled[]) => [
  all.map((one) => one.tenantId),
  all.map((one) => one.eventId),
  all.map((one) => one.consumer),
];
