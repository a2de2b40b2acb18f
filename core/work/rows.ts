// The rows of work as the nodes see them that do it, and the rule of whose turn it is.
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { errors } from './errors.ts';
import { COLUMNS, storable, type Work, type WorkError, workErrorOf, workOf } from './item.ts';
import { STARTS } from './quotas.ts';

/** Work that this node has started. `start` counts all starts: together with the worker it tells whose it is. */
export interface Taken extends Work {
  readonly spec: unknown;
  readonly start: number;
}

/** How a start ended. `waiting`: it is started again, and this start does not count. */
export interface Ending {
  readonly state: 'waiting' | 'done' | 'failed';
  readonly error?: WorkError;
  readonly result?: unknown;
}

/** What a node sees every second: whether something waits, and what the rows say it is doing. */
export interface Seen {
  readonly due: boolean;
  readonly mine: readonly { readonly workId: string; readonly start: number; readonly cancelling: boolean }[];
}

/** Told of each ending in its transaction. */
type OnEnd = (client: pg.ClientBase, work: Work) => Promise<void>;

export interface RowsDeps {
  readonly database: Database;
  readonly worker: string;
  readonly enabled: (tenantId: string, plugin: string) => boolean | Promise<boolean>;
  readonly ended: OnEnd;
}

const ONE_AT_A_TIME = 7_146_505;

/**
 * The site with the fewest running goes first, then the one that was served longest ago; within it the person with the
 * fewest running, then the one served longest ago, then what has waited longest.
 */
const NEXT = `
  with first as (
    select distinct on (tenant_id, owner) tenant_id, owner, id from kernel.work
    where state = 'waiting' and not parked and kind = any ($1) order by tenant_id, owner, id
  ), busy as (
    select tenant_id, owner, count(*) as running from kernel.work where state = 'running'
    group by grouping sets ((tenant_id), (tenant_id, owner))
  )
  select w.tenant_id as "tenantId", w.id as "workId", w.plugin, w.owner from first f
    join kernel.work w on (w.tenant_id, w.id) = (f.tenant_id, f.id)
    left join busy site on site.tenant_id = f.tenant_id and site.owner is null
    left join busy person on (person.tenant_id, person.owner) = (f.tenant_id, f.owner)
    left join kernel.work_share site_share on (site_share.tenant_id, site_share.owner) = (f.tenant_id, '')
    left join kernel.work_share person_share on (person_share.tenant_id, person_share.owner) = (f.tenant_id, f.owner)
  where w.state = 'waiting'
  order by coalesce(site.running, 0), coalesce(site_share.turn, 0),
    coalesce(person.running, 0), coalesce(person_share.turn, 0), f.id
  limit 1 for update of w skip locked`;

export class Rows {
  readonly #deps: RowsDeps;

  constructor(deps: RowsDeps) {
    this.#deps = deps;
  }

  look(kinds: Iterable<string>): string {
    const known = [...kinds].map((kind) => `'${kind}'`).join(', ') || 'null';
    return `select
      exists (select from kernel.work where state = 'waiting' and not parked and kind in (${known})) as due,
      (select coalesce(json_agg(json_build_object('workId', id, 'start', attempts, 'cancelling', cancelling)), '[]')
       from kernel.work where state = 'running' and worker = '${this.#deps.worker}') as mine`;
  }

  async mine(): Promise<Seen['mine']> {
    return this.#query<Seen['mine'][number]>(
      `select id as "workId", attempts as start, cancelling from kernel.work where state = 'running' and worker = $1`,
      [this.#deps.worker],
    );
  }

  /** Starts what is next, if anything waits. What belongs to a plugin that is off is put aside on the way. */
  claim(kinds: readonly string[], now: Date): Promise<Taken | undefined> {
    return this.#deps.database.spanning(async (_tx, client) => {
      // In turns, so that each sees what the one before took: two nodes would serve the same site twice.
      await client.query(`select pg_advisory_xact_lock(${ONE_AT_A_TIME})`);
      for (;;) {
        const { rows } = await client.query<Next>(NEXT, [kinds]);
        const [next] = rows;
        if (!next) return undefined;
        if (await this.#deps.enabled(next.tenantId, next.plugin)) return this.#start(client, next, now);
        await client.query(
          "update kernel.work set parked = true where tenant_id = $1 and plugin = $2 and state = 'waiting'",
          [next.tenantId, next.plugin],
        );
      }
    });
  }

  async #start(client: pg.ClientBase, { tenantId, workId, owner }: Next, now: Date): Promise<Taken> {
    await client.query(
      `insert into kernel.work_share (tenant_id, owner, turn)
       select $1, owner, turn from nextval('kernel.work_turn') as turn, unnest(array['', $2]) as owner order by owner
       on conflict (tenant_id, owner) do update set turn = excluded.turn`,
      [tenantId, owner],
    );
    const { rows } = await client.query(
      `update kernel.work set state = 'running', worker = $3, attempts = attempts + 1, started_at = $4,
         progress = 0, note = null, fps = null, seconds_left = null, seconds = 0
       where tenant_id = $1 and id = $2 returning ${COLUMNS}, attempts as start, spec`,
      [tenantId, workId, this.#deps.worker, now],
    );
    const { spec, start, ...row } = rows[0];
    return { ...workOf(row), spec, start };
  }

  /** How far it is. Answers whether it is still to go on. */
  async advance({ tenantId, workId, start }: Taken, now: Pick<Work, 'progress' | 'note' | 'fps' | 'secondsLeft'>) {
    await this.#query(
      `update kernel.work set progress = $4, note = coalesce($5, note), fps = $6, seconds_left = $7
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running'`,
      [tenantId, workId, start, now.progress, now.note, now.fps, now.secondsLeft],
      'quick',
    );
  }

  /** Whether it is this node's still, until the transaction of `client` ends. */
  async holds(client: pg.ClientBase, { tenantId, workId, start }: Taken): Promise<boolean> {
    const { rowCount } = await client.query(
      `select from kernel.work
       where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running' and worker = $4 for share`,
      [tenantId, workId, start, this.#deps.worker],
    );
    return rowCount === 1;
  }

  /** Writes how a start ended and answers what became of the work; nothing, if it is not this node's any more. */
  finish({ tenantId, workId, start }: Taken, ending: Ending, now: Date): Promise<Work | undefined> {
    return this.#deps.database.tenant(tenantId, async (_tx, client) => {
      const { rows } = await client.query<{ cancelling: boolean }>(
        `select cancelling from kernel.work
         where tenant_id = $1 and id = $2 and attempts = $3 and state = 'running' and worker = $4 for update`,
        [tenantId, workId, start, this.#deps.worker],
      );
      if (!rows[0]) return undefined;
      if (ending.state === 'waiting' && !rows[0].cancelling) return giveBack(client, { tenantId, workId }, 1);
      return this.#end(client, { tenantId, workId }, rows[0].cancelling ? CANCELLED : ending, now);
    });
  }

  /** Ends what waits; tells whoever does it, if it runs. Its parts with it. */
  async cancel(client: pg.ClientBase, which: Which, state: string, now: Date): Promise<Work> {
    if (state === 'waiting') return this.#end(client, which, CANCELLED, now);
    const work = await one(client, which, 'cancelling = true', []);
    await this.#cancelParts(client, which, now);
    return work;
  }

  /** What it is, until the transaction ends. */
  async lock(client: pg.ClientBase, { tenantId, workId }: Which): Promise<Work | undefined> {
    const { rows } = await client.query(
      `select ${COLUMNS} from kernel.work where tenant_id = $1 and id = $2 for update`,
      [tenantId, workId],
    );
    return rows[0] && workOf(rows[0]);
  }

  /** Oldest first. */
  async partsOf({ tenantId, workId }: Which): Promise<Work[]> {
    const found = await this.#query(
      `select ${COLUMNS} from kernel.work where tenant_id = $1 and parent = $2 order by id`,
      [tenantId, workId],
    );
    return found.map(workOf);
  }

  /** Of all nodes that are alive. */
  async slots(): Promise<number> {
    const [all] = await this.#query<{ slots: number }>(
      "select coalesce(sum(slots), 0)::int as slots from kernel.member where room = 'work'",
      [],
    );
    return all?.slots ?? 0;
  }

  async #cancelParts(client: pg.ClientBase, { tenantId, workId }: Which, now: Date): Promise<void> {
    const { rows } = await client.query<Which & { state: string }>(
      `select tenant_id as "tenantId", id as "workId", state from kernel.work
       where tenant_id = $1 and parent = $2 and state in ('waiting', 'running') order by id for update`,
      [tenantId, workId],
    );
    for (const part of rows) await this.cancel(client, part, part.state, now);
  }

  /** Work of nodes that are gone, and what is in our name and we know nothing of: to be started again, not for ever. */
  release(unknown: readonly string[], now: Date): Promise<Work[]> {
    return this.#deps.database.spanning(async (_tx, client) => {
      const { rows } = await client.query<Which & { cancelling: boolean; attempts: number }>(
        `select tenant_id as "tenantId", id as "workId", cancelling, attempts - forgiven as attempts from kernel.work w
         where state = 'running' and (not exists (select from kernel.member m where m.id = w.worker)
           or (worker = $1 and id = any ($2))) for update skip locked`,
        [this.#deps.worker, unknown],
      );
      const released: Work[] = [];
      for (const row of rows) {
        const ending = row.cancelling ? CANCELLED : row.attempts >= STARTS ? LOST : undefined;
        released.push(await (ending ? this.#end(client, row, ending, now) : giveBack(client, row, 0)));
      }
      return released;
    });
  }

  async #end(client: pg.ClientBase, which: Which, { state, error, result }: End, now: Date): Promise<Work> {
    // What was not finished counts as far as it came.
    const set = `state = $3, error = $4, result = $5, finished_at = $6, worker = null, spec = null, seconds_left = null,
      progress = case when $3 = 'done' then 1 else progress end,
      seconds = case when $3 = 'done' then seconds else seconds * progress end`;
    const json = (value: unknown) => (value === undefined ? null : storable(value));
    const work = await one(client, which, set, [state, json(error), json(result), now]);
    await this.#cancelParts(client, which, now);
    await this.#deps.ended(client, work);
    return work;
  }

  /** Where work is put aside, and for whose sake. */
  parked(): Promise<{ tenantId: string; plugin: string }[]> {
    return this.#query(
      `select distinct tenant_id as "tenantId", plugin from kernel.work where state = 'waiting' and parked`,
      [],
    );
  }

  async unpark({ tenantId, plugin }: { tenantId: string; plugin: string }): Promise<void> {
    await this.#query(
      "update kernel.work set parked = false where tenant_id = $1 and plugin = $2 and state = 'waiting' and parked",
      [tenantId, plugin],
    );
  }

  /** For metrics, of each kind. `oldestMs`: how long what could be started has waited. */
  figures(
    kinds: readonly string[],
    now: Date,
  ): Promise<{ kind: string; waiting: number; running: number; oldestMs: number }[]> {
    return this.#query(
      `select known as kind, count(*) filter (where state = 'waiting')::int as waiting,
         count(*) filter (where state = 'running')::int as running,
         greatest(coalesce(extract(epoch from $1 - min(created_at) filter (where state = 'waiting' and not parked)) * 1000, 0),
           0)::float8 as "oldestMs"
       from unnest($2::text[]) as known left join kernel.work on kind = known and state in ('waiting', 'running')
       group by known`,
      [now, kinds],
    );
  }

  #query<R extends pg.QueryResultRow>(sql: string, values: unknown[], how?: 'quick'): Promise<R[]> {
    return this.#deps.database.spanning(async (_tx, client) => (await client.query<R>(sql, values)).rows, how);
  }
}

type Which = Pick<Work, 'tenantId' | 'workId'>;
interface Next extends Which {
  readonly plugin: string;
  readonly owner: string;
}
type End = Omit<Ending, 'state'> & { readonly state: 'done' | 'failed' | 'cancelled' | 'waiting' };

const CANCELLED: End = { state: 'cancelled', error: workErrorOf(errors.work_cancelled()) };
const LOST: End = { state: 'failed', error: workErrorOf(errors.work_lost()) };

const giveBack = (client: pg.ClientBase, which: Which, forgiven: number): Promise<Work> =>
  one(client, which, "state = 'waiting', worker = null, seconds = 0, progress = 0, forgiven = forgiven + $3", [
    forgiven,
  ]);

async function one(client: pg.ClientBase, { tenantId, workId }: Which, set: string, values: unknown[]): Promise<Work> {
  const { rows } = await client.query(
    `update kernel.work set ${set} where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenantId, workId, ...values],
  );
  return workOf(rows[0]);
}
