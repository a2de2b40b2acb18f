import { type Clock, type Log, newId } from '@plinth/sdk';
import { Mail } from '@plinth/sdk/services/mail.ts';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import { provided, type Room } from '../room.ts';
import { errors } from './errors.ts';
import { type Brand, checkOwnPath, type MailData, storable } from './letter.ts';
import { mailboxRoutes } from './mailbox.ts';
import { Postman } from './postman.ts';
import { type TemplateOf, templateOf } from './templates.ts';
import { createCarrier, type MailTransport } from './transport.ts';
import { unsubscribeRoutes } from './unsubscribe.ts';

export interface MailDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly transport: MailTransport;
  /** The address mail comes from; the name beside it is the tenant's. */
  readonly from: string;
  readonly mode: 'development' | 'production' | 'test';
  readonly brandOf: (tenantId: string) => Promise<Brand> | Brand;
  readonly templateOf: TemplateOf;
  /** Where an account gets its mail, for plugins, which never see addresses. */
  readonly recipientOf: (tenantId: string, accountId: string) => Promise<Recipient | undefined>;
}

export interface Recipient {
  readonly address: string;
  readonly locale: string;
  readonly displayName: string;
}

export interface NewMessage {
  readonly tenantId: string;
  readonly to: string;
  /** `<owner>.<name>`: `kernel.verify-email`, `tip-jar.thanks`. */
  readonly template: string;
  readonly locale: string;
  readonly data: MailData;
  /** At most one message per tenant and key. */
  readonly key?: string;
}

/** What other rooms need of mail. */
export interface MailPort {
  /** Writes the message in the transaction of `client`: it is sent if that commits. False: `key` was used before. */
  enqueue(client: pg.ClientBase, message: NewMessage): Promise<boolean>;
}

export interface MailApi extends MailPort {
  /** Stops mail to an address: all of it, or what nobody asked for. */
  suppress(client: pg.ClientBase, tenantId: string, address: string, reason: 'bounced' | 'unsubscribed'): Promise<void>;
  /** An address works again. */
  restore(client: pg.ClientBase, tenantId: string, address: string): Promise<void>;
  /**
   * An account is deleted: so are the messages to its address, and what was noted against it. Only accounts get mail that
   * nobody asked for; and should the address still be dead when somebody types it in again, one bounce tells.
   */
  forget(client: pg.ClientBase, tenantId: string, address: string): Promise<void>;
  settle(): Promise<void>;
  /** For metrics: what waits, what of it was refused before, what was given up, and how long the oldest has been due. */
  figures(): Promise<{ waiting: number; refused: number; failed: number; lateMs: number }>;
}

/** One mailbox: no list, no comment, no route, nothing that means something in a header. */
const ADDRESS = /^[^\s\p{C}@<>(),;:"[\]\\]{1,64}@[^\s\p{C}@<>(),;:"[\]\\]{1,189}$/u;

/** Queue, templates, suppression and a development mailbox. */
export function createMail(deps: MailDeps): Room & MailApi {
  const { database, clock, log, mode, transport } = deps;
  if (transport.kind === 'smtp' && !ADDRESS.test(deps.from)) {
    throw new Error('Mail needs an address to come from: set PLINTH_MAIL_FROM beside SMTP_URL.');
  }
  const carrier = createCarrier(transport);
  const postman = new Postman({ ...deps, carrier });

  const enqueue: MailPort['enqueue'] = async (client, message) => {
    const { tenantId, to, template: id, locale, data, key } = message;
    if (!ADDRESS.test(to)) throw errors.mail_bad_address();
    const template = await templateOf(deps.templateOf, tenantId, id);
    const { rowCount } = await client.query(
      `insert into kernel.mail_message (tenant_id, id, address, template, locale, data, bulk, once, due_at, created_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) on conflict (tenant_id, once) do nothing`,
      [...[tenantId, newId(), to, id, locale, storable(data), template.bulk === true, key ?? null], clock.now()],
    );
    postman.nudge();
    return rowCount === 1;
  };
  const suppress: MailApi['suppress'] = async (client, tenantId, address, reason) => {
    await client.query(
      `insert into kernel.mail_suppression (tenant_id, address, reason, created_at)
       values ($1, lower($2), $3, $4) on conflict do nothing`,
      [tenantId, address, reason, clock.now()],
    );
  };
  const restore: MailApi['restore'] = async (client, tenantId, address) => {
    await client.query('delete from kernel.mail_suppression where tenant_id = $1 and address = lower($2)', [
      tenantId,
      address,
    ]);
  };

  return {
    name: 'mail',
    provides: [
      provided(Mail, {
        send: async ({ tenant, caller }, { accountId, template, data, key }) => {
          const owner = caller ?? 'kernel';
          if (data.link !== undefined) checkOwnPath(String(data.link));
          const recipient = await deps.recipientOf(tenant.id, accountId);
          if (!recipient) return { queued: false };
          const queued = await database.tenant(tenant.id, (_, client) =>
            enqueue(client, {
              tenantId: tenant.id,
              to: recipient.address,
              template: `${owner}.${template}`,
              locale: recipient.locale,
              data: { ...data, displayName: recipient.displayName },
              ...(key === undefined ? {} : { key: `${owner}:${key}` }),
            }),
          );
          return { queued };
        },
      }),
    ],
    contributions: [
      ...unsubscribeRoutes({ database, suppress }),
      ...(transport.kind === 'mailbox' && mode !== 'production' ? mailboxRoutes({ ...deps, postman }) : []),
    ],
    enqueue,
    suppress,
    restore,
    forget: async (client, tenantId, address) => {
      await client.query('delete from kernel.mail_message where tenant_id = $1 and lower(address) = lower($2)', [
        tenantId,
        address,
      ]);
      await restore(client, tenantId, address);
    },
    settle: () => postman.settle(),
    figures: () =>
      database.spanning(async (_, client) => {
        // A message that was refused is due again later: only the number of those tells of a server that takes nothing.
        const { rows } = await client.query<{ waiting: number; refused: number; failed: number; first: Date | null }>(
          `select count(*)::int as waiting, (count(*) filter (where reason <> ''))::int as refused, min(due_at) as first,
             (select count(*)::int from kernel.mail_message where state = 'failed') as failed
           from kernel.mail_message where state = 'queued'`,
        );
        const { waiting = 0, refused = 0, failed = 0, first } = rows[0] ?? {};
        return { waiting, refused, failed, lateMs: first ? Math.max(0, clock.now().getTime() - first.getTime()) : 0 };
      }, 'read'),
    start: async () => {
      if (transport.kind === 'mailbox' && mode === 'production') {
        log.warn('mail-goes-nowhere', { fix: 'Set SMTP_URL: until then mail is kept and nobody gets it.' });
      }
      postman.start();
    },
    drain: () => postman.stop(),
    stop: async () => {
      await postman.stop();
      carrier.close();
    },
  };
}
