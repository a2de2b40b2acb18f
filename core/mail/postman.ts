import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import { type Brand, type MailData, type Written, writeLetter } from './letter.ts';
import unsubscribeWords from './strings/unsubscribe.json' with { type: 'json' };
import { letterIn, type TemplateOf, templateOf } from './templates.ts';
import { type Carrier, verdict } from './transport.ts';

/** A message as its row has it. */
export interface Message {
  readonly tenant_id: string;
  readonly id: string;
  readonly address: string;
  readonly template: string;
  readonly locale: string;
  readonly data: MailData;
  readonly bulk: boolean;
  readonly attempts: number;
}

export interface PostmanDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly templateOf: TemplateOf;
  readonly carrier: Carrier;
  readonly from: string;
  readonly brandOf: (tenantId: string) => Promise<Brand> | Brand;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
/** Waits after each failure; after the last one the message is given up, some 20 hours after the first try. */
const WAITS = [10 * SECOND, MINUTE, 5 * MINUTE, 30 * MINUTE, 2 * 60 * MINUTE, 6 * 60 * MINUTE, 12 * 60 * MINUTE];
/** Longer than a whole batch can take with every time limit of the SMTP client reached. */
const LEASE = 5 * MINUTE;
const BATCH = 10;
const POLL = SECOND;
/** How long a node that stops waits for a server that does not answer; the lease brings the message back. */
const PATIENCE = 5 * SECOND;
const KEPT_FOR = 60 * 24 * 60 * MINUTE;

/**
 * Takes messages that are due and delivers them. Any number of nodes may do so at once: a message is leased to one.
 * A node that dies after the server took a message and before that was written down sends it again when the lease is
 * over, with the same Message-ID, by which mailboxes recognise a copy.
 */
export class Postman {
  readonly #deps: PostmanDeps;
  #round: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #working = false;
  #stopped = false;
  #prunedAt = 0;

  constructor(deps: PostmanDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#working = true;
    this.#wake(0);
  }

  /** Something may be due in a moment: when the transaction that wrote it has committed. */
  nudge(): void {
    if (this.#working) this.#wake(50);
  }

  /** Delivers all that is due now. For tests, whose clock stands still meanwhile. */
  async settle(): Promise<void> {
    while ((await this.#next()) > 0);
  }

  async stop(): Promise<void> {
    this.#working = false;
    this.#stopped = true;
    clearTimeout(this.#timer);
    const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE).unref());
    await Promise.race([this.#round.catch(() => {}), patience]);
  }

  async write(
    message: Message,
    brand: Brand,
  ): Promise<Written & { language: string; unsubscribe: string | undefined }> {
    const template = await templateOf(this.#deps.templateOf, message.tenant_id, message.template);
    const { letter, language } = letterIn(template, message.locale);
    const url = message.bulk ? `${brand.url}/api/kernel/mail/unsubscribe/${message.id}` : undefined;
    const label = unsubscribeWords[language].label;
    const written = writeLetter(letter, message.data, { brand, language, ...(url && { unsubscribe: { url, label } }) });
    return { ...written, language, unsubscribe: url };
  }

  #wake(after: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#work(), after);
  }

  async #work(): Promise<void> {
    let taken = 0;
    try {
      taken = await this.#next();
      if (taken === 0) await this.#prune();
    } catch (error) {
      this.#deps.log.error('mail-round-failed', { error });
    }
    if (this.#working) this.#wake(taken > 0 ? 0 : POLL);
  }

  /** Rounds take turns. */
  #next(): Promise<number> {
    const round = this.#round.catch(() => {}).then(() => this.#deliverDue());
    this.#round = round;
    return round;
  }

  async #deliverDue(): Promise<number> {
    if (this.#stopped) return 0;
    const now = this.#deps.clock.now();
    const { rows } = await this.#deps.database.spanning((_, client) =>
      client.query<Message & { suppressed: string | null }>(
        `update kernel.mail_message m set attempts = m.attempts + 1, due_at = $2
         from (select tenant_id, id from kernel.mail_message where state = 'queued' and due_at <= $1
               order by bulk, due_at limit ${BATCH} for update skip locked) due
         where m.tenant_id = due.tenant_id and m.id = due.id
         returning m.*, (select min(reason) from kernel.mail_suppression s where s.tenant_id = m.tenant_id
                         and s.address = lower(m.address) and (s.reason = 'bounced' or m.bulk)) as suppressed`,
        [now, new Date(now.getTime() + LEASE)],
      ),
    );
    await Promise.all(
      rows.map((row) => (row.suppressed ? this.#finish(row, 'suppressed', row.suppressed) : this.#deliver(row))),
    );
    return rows.length;
  }

  async #deliver(message: Message): Promise<void> {
    const { brandOf, carrier, from } = this.#deps;
    let state: 'sent' | 'kept';
    try {
      const brand = await brandOf(message.tenant_id);
      state = await carrier.deliver({
        ...(await this.write(message, brand)),
        messageId: `<${message.id}@${from.slice(from.lastIndexOf('@') + 1)}>`,
        from: { name: brand.siteName, address: from },
        to: message.address,
        replyTo: brand.replyTo,
      });
    } catch (error) {
      return this.#fail(message, error);
    }
    await this.#finish(message, state, '');
  }

  async #fail(message: Message, error: unknown): Promise<void> {
    const what = verdict(error);
    const wait = what === 'later' ? WAITS[message.attempts - 1] : undefined;
    const reason = error instanceof Error ? error.message.slice(0, 500) : String(error);
    if (wait === undefined) return this.#finish(message, 'failed', reason, what === 'bounced');
    this.#deps.log.warn('mail-delayed', {
      tenant: message.tenant_id,
      message: message.id,
      attempt: message.attempts,
      reason,
    });
    const due = new Date(this.#deps.clock.now().getTime() + wait);
    await this.#deps.database.spanning((_, client) =>
      client.query(
        `update kernel.mail_message set due_at = $4, reason = $5
         where tenant_id = $1 and id = $2 and attempts = $3 and state = 'queued'`,
        [message.tenant_id, message.id, message.attempts, due, reason],
      ),
    );
  }

  async #finish(message: Message, state: string, reason: string, bounced = false): Promise<void> {
    const now = this.#deps.clock.now();
    await this.#deps.database.spanning(async (_, client) => {
      const { rowCount } = await client.query(
        `update kernel.mail_message set state = $4, reason = $5, done_at = $6,
           data = case when $4 = 'kept' then data else '{}' end
         where tenant_id = $1 and id = $2 and attempts = $3 and state = 'queued'`,
        [message.tenant_id, message.id, message.attempts, state, reason, now],
      );
      // Whose message was deleted meanwhile has been forgotten, and is not written down again.
      if (bounced && rowCount === 1) {
        await client.query(
          `insert into kernel.mail_suppression (tenant_id, address, reason, created_at)
           values ($1, lower($2), 'bounced', $3) on conflict do nothing`,
          [message.tenant_id, message.address, now],
        );
      }
    });
    const level = state === 'failed' ? 'error' : 'info';
    this.#deps.log[level](`mail-${state}`, {
      tenant: message.tenant_id,
      message: message.id,
      template: message.template,
      reason,
    });
  }

  /** Addresses are personal: what was done is forgotten once no unsubscribe link should need it any more. */
  async #prune(): Promise<void> {
    const now = this.#deps.clock.now().getTime();
    if (now - this.#prunedAt < 60 * MINUTE) return;
    this.#prunedAt = now;
    await this.#deps.database.spanning((_, client) =>
      client.query('delete from kernel.mail_message where done_at < $1', [new Date(now - KEPT_FOR)]),
    );
  }
}
