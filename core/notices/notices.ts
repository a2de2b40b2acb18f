import { type Call, type Client, channel, job, newId } from '@plinth/sdk';
import { AccountDeleted } from '@plinth/sdk/services/accounts.ts';
import { type NoticeChannel, Notices } from '@plinth/sdk/services/notices.ts';
import { Type } from 'typebox';
import { errors as kernel } from '../errors.ts';
import { checkOwnPath, storable } from '../mail/letter.ts';
import { provided, type Room } from '../room.ts';
import { createDelivery, deliverJob } from './delivery.ts';
import type { NoticesDeps } from './deps.ts';
import { errors } from './errors.ts';
import { channelsOf, kindId } from './kinds.ts';
import { Push } from './push.ts';
import { noticeRoutes } from './routes.ts';

const KERNEL = 'kernel';
const KEPT_DAYS = 90;

/** Tells people things in the page, by push and by mail, as each of them wants it. */
export function createNotices(deps: NoticesDeps): Room {
  const { database, clock, realtime } = deps;
  const push = new Push(deps.secret, deps.contact, deps.pushAnywhere);
  const delivery = createDelivery(deps, push);
  realtime.register({
    plugin: KERNEL,
    // Says only that there is something: what it says depends on the reader's language, and is read by HTTP.
    channel: channel('notices/:accountId', Type.Object({ id: Type.String(), kind: Type.String() })),
    auth: 'user',
    enabled: () => true,
    join: async ({ actor, params }) => {
      if (actor.kind !== 'person' || actor.accountId !== params.accountId) throw kernel.forbidden();
    },
  });
  const prune = ({ tenant }: Call) => {
    const before = new Date(clock.now().getTime() - KEPT_DAYS * 86_400_000);
    return database.tenant(tenant.id, (_, client) =>
      client.query('delete from kernel.notice where tenant_id = $1 and created_at < $2', [tenant.id, before]),
    );
  };
  const forget = ({ tenant }: Call, { accountId }: { accountId: string }) =>
    database.tenant(tenant.id, async (_, client) => {
      for (const table of ['notice', 'notice_preference', 'notice_quiet', 'push_subscription']) {
        await client.query(`delete from kernel.${table} where tenant_id = $1 and account_id = $2`, [
          tenant.id,
          accountId,
        ]);
      }
    });
  return {
    name: 'notices',
    provides: [provided(Notices, { notify: (call, input) => notify(deps, delivery.enqueue, call, input) })],
    jobs: { 'deliver-notice': deliverJob, 'prune-notices': job(Type.Object({}), { every: '1d' }) },
    contributions: [
      ...noticeRoutes(deps, push),
      { kind: 'job', name: 'deliver-notice', handler: delivery.deliver },
      { kind: 'job', name: 'prune-notices', handler: prune },
      { kind: 'consumer', event: AccountDeleted, id: 'forget', handler: forget },
    ],
  };
}

type Input = Parameters<Client<(typeof Notices)['methods']>['notify']>[0];

async function notify(
  { database, clock, jobs, realtime, kindsOf }: NoticesDeps,
  enqueue: ReturnType<typeof createDelivery>['enqueue'],
  { tenant, caller = KERNEL }: Call,
  { accountIds, kind: name, data, link, key }: Input,
): Promise<{ told: number }> {
  const kind = (await kindsOf(tenant.id)).find((each) => each.plugin === caller && each.id === name);
  if (!kind) throw errors.notice_no_kind({ detail: `${caller}.${name}` });
  if (link !== undefined) checkOwnPath(link);
  const accounts = [...new Set(accountIds)];
  const added = await database.tenant(tenant.id, async (_, client) => {
    const { rows } = await client.query<Added>(
      `with added as (
         insert into kernel.notice (tenant_id, id, account_id, kind, data, link, shown, once, created_at)
         select $1, t.id, t.account, $4, $5, $6, 'page' = any(coalesce(p.channels, $7::text[])), $8, $9
         from unnest($2::uuid[], $3::uuid[]) as t (id, account)
         left join kernel.notice_preference p on (p.tenant_id, p.account_id, p.kind) = ($1, t.account, $4)
         on conflict (tenant_id, account_id, once) do nothing returning id, account_id, shown)
       select a.*, coalesce(p.channels, $7::text[]) as channels from added a
       left join kernel.notice_preference p on (p.tenant_id, p.account_id, p.kind) = ($1, a.account_id, $4)`,
      [
        ...[tenant.id, accounts.map(() => newId()), accounts, kindId(kind), storable(data), link ?? null],
        ...[channelsOf(kind), key === undefined ? null : `${caller}:${key}`, clock.now()],
      ],
    );
    for (const { id, channels } of rows) {
      for (const channel of channels) {
        if (channel !== 'page') await enqueue(client, tenant.id, { noticeId: id, channel });
      }
    }
    return rows;
  });
  jobs.nudge();
  for (const { id, account_id, shown } of added) {
    const event = { id, kind: kindId(kind) };
    if (shown) realtime.publish({ tenantId: tenant.id, plugin: KERNEL, path: `notices/${account_id}`, event });
  }
  return { told: added.length };
}

interface Added {
  readonly id: string;
  readonly account_id: string;
  readonly shown: boolean;
  readonly channels: NoticeChannel[];
}
