// How work comes into the queue: counted, in the transaction that adds it, against what its site and its person may have.
import { type Clock, newId } from '@plinth/sdk';
import type pg from 'pg';
import { errors as kernel } from '../errors.ts';
import { COLUMNS, roomOf, type Work, workOf } from './item.ts';
import { type Quotas, SPEC_BYTES, USUAL_QUOTAS, WORK_QUOTAS } from './quotas.ts';

export interface NewWork {
  readonly kind: string;
  /** In whose name, and on whose switch it depends. */
  readonly plugin: string;
  readonly accountId?: string | undefined;
  readonly spec: unknown;
  readonly key?: string | undefined;
  readonly requestId?: string | undefined;
  /** What it is a part of. That was counted. */
  readonly parent?: string | undefined;
}

const HOLDS_KEY = "key is not null and state in ('waiting', 'running', 'done')";

/** Adds work in the transaction of `client`. With a known key, it answers the work there is. */
export async function submit(client: pg.ClientBase, clock: Clock, tenantId: string, work: NewWork): Promise<Work> {
  const spec = JSON.stringify(work.spec);
  if (!work.parent && Buffer.byteLength(spec) > SPEC_BYTES)
    throw kernel.too_large({ detail: `Sources, params and data may have ${SPEC_BYTES} bytes together.` });
  // Submissions of one site take turns from here on.
  await client.query(
    `insert into kernel.work_share as share (tenant_id, owner) values ($1, '')
     on conflict (tenant_id, owner) do update set turn = share.turn`,
    [tenantId],
  );
  const key = [tenantId, work.plugin, work.kind, work.key];
  const known = await client.query(
    `select ${COLUMNS} from kernel.work where (tenant_id, plugin, kind, key) = ($1, $2, $3, $4) and ${HOLDS_KEY}`,
    key,
  );
  if (known.rows[0]) return workOf(known.rows[0]);
  if (!work.parent) await mustHaveRoom(client, clock.now(), tenantId, work);
  const { rows } = await client.query(
    `insert into kernel.work (tenant_id, plugin, kind, key, id, account_id, spec, request_id, created_at, parent)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning ${COLUMNS}`,
    [...key, newId(), work.accountId, spec, work.requestId ?? '', clock.now(), work.parent],
  );
  return workOf(rows[0]);
}

type Whose = Pick<NewWork, 'kind' | 'accountId'>;

async function mustHaveRoom(client: pg.ClientBase, now: Date, tenantId: string, whose: Whose): Promise<void> {
  const quotas = quotasOf(whose.kind);
  const { rows } = await client.query<{ site: number; person: number }>(
    `select count(*)::int as site, count(*) filter (where account_id = $3)::int as person
     from kernel.work where tenant_id = $1 and room = $2 and state in ('waiting', 'running') and parent is null`,
    [tenantId, roomOf(whose.kind), whose.accountId],
  );
  const { site = 0, person = 0 } = rows[0] ?? {};
  const fix = 'Wait until some of them are through, or cancel what is no longer wanted.';
  if (person >= quotas.person.open) {
    const limit = quotas.person.open;
    throw kernel.over_quota({ detail: `You have ${person} on their way; ${limit} are the limit.`, fix, limit });
  }
  if (site >= quotas.tenant.open) {
    const limit = quotas.tenant.open;
    throw kernel.over_quota({ detail: `The site has ${site} on their way; ${limit} are the limit.`, fix, limit });
  }
  await mustHaveSeconds(client, now, tenantId, whose, 0);
}

/** Refuses what is more than is left of the day; at the least, a day that is used up. */
async function mustHaveSeconds(
  client: pg.ClientBase,
  now: Date,
  tenantId: string,
  { kind, accountId, workId }: Whose & { readonly workId?: string },
  seconds: number,
): Promise<void> {
  const { tenant, person } = quotasOf(kind);
  const { rows } = await client.query<{ site: number; person: number }>(
    `select coalesce(sum(seconds), 0)::float8 as site,
       coalesce(sum(seconds) filter (where account_id = $3), 0)::float8 as person
     from kernel.work where tenant_id = $1 and room = $2 and started_at >= $4 and seconds > 0
       and ($5::uuid is null or id <> $5)`,
    [tenantId, roomOf(kind), accountId, startOfDay(now), workId],
  );
  const { site: bySite, person: byPerson } = rows[0] ?? { site: 0, person: 0 };
  const limits = [
    { whose: 'You have', limit: person.secondsPerDay, used: byPerson },
    { whose: 'The site has', limit: tenant.secondsPerDay, used: bySite },
  ];
  for (const { whose, limit, used } of limits) {
    if (used < limit && used + seconds <= limit) continue;
    const left = Math.max(0, Math.floor(limit - used));
    throw kernel.over_quota({
      detail: `${whose} ${left} s of ${limit} s left today.`,
      fix: 'Make a shorter part of it, or wait until midnight (UTC).',
      limit,
      used: Math.round(used),
    });
  }
}

const startOfDay = (now: Date): Date => new Date(new Date(now).setUTCHours(0, 0, 0, 0));

const quotasOf = (kind: string): Quotas => WORK_QUOTAS[roomOf(kind)] ?? USUAL_QUOTAS;

/** Counts seconds of output for work that has begun. */
export async function spend(client: pg.ClientBase, clock: Clock, work: Work, seconds: number): Promise<void> {
  const { tenantId, workId } = work;
  await client.query("select from kernel.work_share where tenant_id = $1 and owner = '' for update", [tenantId]);
  await mustHaveSeconds(client, clock.now(), tenantId, work, seconds);
  await client.query('update kernel.work set seconds = $3 where tenant_id = $1 and id = $2', [
    tenantId,
    workId,
    seconds,
  ]);
}
