import { type Call, job } from '@plinth/sdk';
import type { NoticeChannel } from '@plinth/sdk/services/notices.ts';
import type pg from 'pg';
import { type Static, Type } from 'typebox';
import type { NoticesDeps } from './deps.ts';
import { channelsOf, type Kind, kindId, said } from './kinds.ts';
import type { Push, PushSubscription } from './push.ts';
import { type QuietHours, quietUntil } from './quiet.ts';

const Delivery = Type.Object({
  noticeId: Type.String(),
  channel: Type.Union([Type.Literal('push'), Type.Literal('mail')]),
  /** One browser; without it, all of the person's: each gets a run of its own. */
  subscriptionId: Type.Optional(Type.String()),
});
type Delivery = Static<typeof Delivery>;

export const deliverJob = job(Delivery, { attempts: 8, timeout: '1m' });

/** What was read in the page meanwhile need not be mailed. */
const MAIL_AFTER = '10m';

interface Notice {
  readonly id: string;
  readonly account_id: string;
  readonly kind: string;
  readonly data: Readonly<Record<string, string | number>>;
  readonly link: string | null;
  readonly channels: NoticeChannel[] | null;
  readonly quiet: QuietHours | null;
}

/** Takes notices out of the page, to browsers and mailboxes, as jobs: they are retried, and wait out quiet hours. */
export function createDelivery({ database, clock, mail, jobs, kindsOf, recipientOf }: NoticesDeps, push: Push) {
  const enqueue = (client: pg.ClientBase, tenantId: string, data: Delivery, waitMs?: number) =>
    jobs.enqueue(client, {
      ...{ tenantId, plugin: 'kernel', job: 'deliver-notice', data, actor: { kind: 'system' }, requestId: '' },
      key: `${data.noticeId} ${data.channel} ${data.subscriptionId ?? ''} ${waitMs === undefined ? '' : clock.now().getTime() + waitMs}`,
      delay: waitMs === undefined ? (data.channel === 'mail' ? MAIL_AFTER : '0ms') : `${waitMs}ms`,
    });

  async function deliver({ tenant }: Call, data: Delivery): Promise<void> {
    const notice = await database.tenant(tenant.id, (_, client) => readNotice(client, data.noticeId), 'read');
    const kind = (await kindsOf(tenant.id)).find((each) => kindId(each) === notice?.kind);
    if (!notice || !kind || !(notice.channels ?? channelsOf(kind)).includes(data.channel)) return;
    const now = clock.now();
    const until = kind.entry.urgent || !notice.quiet ? undefined : quietUntil(now, notice.quiet);
    await database.tenant(tenant.id, async (_, client) => {
      if (until) await enqueue(client, tenant.id, data, until.getTime() - now.getTime());
      else if (data.channel === 'push' && !data.subscriptionId) await fanOut(client, tenant.id, notice);
    });
    jobs.nudge();
    if (until) return;
    if (data.channel === 'mail') await toMail(tenant.id, notice, kind);
    else if (data.subscriptionId) await toBrowser(tenant, notice, kind, data.subscriptionId);
  }

  async function fanOut(client: pg.ClientBase, tenantId: string, notice: Notice): Promise<void> {
    const { rows } = await client.query<{ id: string }>(
      'select id from kernel.push_subscription where tenant_id = $1 and account_id = $2',
      [tenantId, notice.account_id],
    );
    for (const { id } of rows) {
      await enqueue(client, tenantId, { noticeId: notice.id, channel: 'push', subscriptionId: id });
    }
  }

  async function toMail(tenantId: string, notice: Notice, kind: Kind): Promise<void> {
    const to = await recipientOf(tenantId, notice.account_id);
    if (!to) return;
    const data = { ...said(notice.data, kind, to.locale), displayName: to.displayName, link: notice.link ?? '/' };
    await database.tenant(tenantId, (_, client) =>
      mail.enqueue(client, {
        ...{ tenantId, to: to.address, template: 'kernel.notice', locale: to.locale, data },
        key: `notice:${notice.id}`,
      }),
    );
  }

  async function toBrowser(tenant: Call['tenant'], notice: Notice, kind: Kind, subscriptionId: string): Promise<void> {
    const to = await recipientOf(tenant.id, notice.account_id);
    const subscription = await database.tenant(tenant.id, async (_, client) => {
      const { rows } = await client.query<PushSubscription>(
        `select p.endpoint, p.p256dh, p.auth from kernel.push_subscription p
         join kernel.session s on (s.tenant_id, s.id) = (p.tenant_id, p.session_id) and s.expires_at > $4
         where p.tenant_id = $1 and p.id = $2 and p.account_id = $3`,
        [tenant.id, subscriptionId, notice.account_id, clock.now()],
      );
      return rows[0];
    });
    if (!to || !subscription) return;
    const words = said(notice.data, kind, to.locale);
    // The page shows one notification per id, so a push that is repeated is not seen twice.
    const message = { id: notice.id, kind: notice.kind, ...words, link: notice.link ?? '/', site: tenant.name };
    const outcome = await push.send(subscription, JSON.stringify(message), kind.entry.urgent === true);
    if (outcome === 'sent') return;
    await database.tenant(tenant.id, (_, client) =>
      client.query('delete from kernel.push_subscription where tenant_id = $1 and id = $2', [
        tenant.id,
        subscriptionId,
      ]),
    );
  }

  return { enqueue, deliver };
}

async function readNotice(client: pg.ClientBase, noticeId: string): Promise<Notice | undefined> {
  const { rows } = await client.query<Notice>(
    `select n.id, n.account_id, n.kind, n.data, n.link, p.channels,
       (select row_to_json(q) from kernel.notice_quiet q where (q.tenant_id, q.account_id) = (n.tenant_id, n.account_id)) as quiet
     from kernel.notice n left join kernel.notice_preference p on (p.tenant_id, p.account_id, p.kind) = (n.tenant_id, n.account_id, n.kind)
     where n.id = $1 and n.read_at is null`,
    [noticeId],
  );
  return rows[0];
}
