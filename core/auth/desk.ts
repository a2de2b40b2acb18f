import { newId, type Page } from '@plinth/sdk';
import type pg from 'pg';
import { writeOutbox } from '../events/outbox.ts';
import { errors } from './errors.ts';
import type { Asker, Parts } from './parts.ts';

/** Told to every node when somebody may do less than before. */
const AUTH_CHANNEL = 'plinth_auth';

/**
 * One transaction of this room, and what belongs to it: whose tenant, who asks, and the one time it happens at.
 * In every statement `$1` is the tenant. Rows come as they are told on: names in camel case, no nulls, instants in ISO.
 */
export class Desk {
  readonly parts: Parts;
  readonly asker: Asker;
  readonly client: pg.ClientBase;
  readonly tenantId: string;
  readonly now: Date;
  readonly revoked: (string | undefined)[] = [];

  constructor(parts: Parts, asker: Asker, client: pg.ClientBase) {
    this.parts = parts;
    this.asker = asker;
    this.client = client;
    this.tenantId = asker.tenant.id;
    this.now = parts.clock.now();
  }

  async all<T>(sql: string, ...values: unknown[]): Promise<T[]> {
    const { rows } = await this.client.query<Record<string, unknown>>(sql, [this.tenantId, ...values]);
    return rows.map((row) => told(row) as T);
  }

  async one<T>(sql: string, ...values: unknown[]): Promise<T | undefined> {
    return (await this.all<T>(sql, ...values))[0];
  }

  /** How many rows were touched. */
  async run(sql: string, ...values: unknown[]): Promise<number> {
    return (await this.client.query(sql, [this.tenantId, ...values])).rowCount ?? 0;
  }

  /** The account that asks. */
  get me(): string {
    if (this.asker.actor.kind !== 'person') throw errors.account_missing();
    return this.asker.actor.accountId;
  }

  in(milliseconds: number): Date {
    return new Date(this.now.getTime() + milliseconds);
  }

  /** Adds to the log that cannot be changed: `subject` and `detail` hold no personal data. */
  async audit(action: string, subject: string, detail: Readonly<Record<string, unknown>> = {}): Promise<void> {
    const { actor, address, requestId } = this.asker;
    const actorId = actor.kind === 'person' ? actor.accountId : undefined;
    const [id, network] = [newId(this.now.getTime()), networkOf(address)];
    await this.run(
      `insert into kernel.audit (tenant_id, id, at, actor_kind, actor_id, action, subject, detail, network, request_id)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      ...[id, this.now, actor.kind, actorId, action, subject, detail, network, requestId],
    );
  }

  /** Leaves if the transaction commits. `path` is where on the site its button leads. */
  async mail(
    to: { readonly email: string; readonly displayName: string; readonly locale?: string | undefined },
    template: string,
    path: string,
    data: Readonly<Record<string, string | number>> = {},
  ): Promise<void> {
    const { tenantId, parts, asker } = this;
    const link = (await parts.publicUrlOf(tenantId)) + path;
    const locale = to.locale ?? asker.tenant.locale;
    const letter = { tenantId, to: to.email, template: `kernel.${template}`, locale };
    await parts.mail.enqueue(this.client, { ...letter, data: { displayName: to.displayName, link, ...data } });
  }

  async emit(event: { readonly id: string }, payload: unknown): Promise<void> {
    const { actor, requestId } = this.asker;
    await writeOutbox(this.client, [{ tenantId: this.tenantId, event: event.id, payload, actor, requestId }]);
  }

  /** Something is taken from a credential or an account, or from the whole tenant: no node may answer from memory. */
  async revoke(subjectId?: string): Promise<void> {
    this.revoked.push(subjectId);
    await this.run('select pg_notify($2, $1 || $3)', AUTH_CHANNEL, ` ${subjectId ?? ''}`);
  }
}

export async function atDesk<T>(parts: Parts, asker: Asker, work: (desk: Desk) => Promise<T>): Promise<T> {
  let desk: Desk | undefined;
  try {
    return await parts.database.tenant(asker.tenant.id, (_tx, client) => {
      desk = new Desk(parts, asker, client);
      return work(desk);
    });
  } finally {
    // Also after a failure: a commit whose answer was lost may have happened.
    for (const subjectId of desk?.revoked ?? []) parts.actors.forget(asker.tenant.id, subjectId);
  }
}

/** `limit + 1` rows were asked for, to know whether there are more. */
export function pageOf<T extends { readonly id: string }>(
  rows: readonly T[],
  limit: number,
): { items: T[]; next?: string } & Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last ? { items, next: last.id } : { items };
}

function told(row: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(row).filter(([, value]) => value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      value instanceof Date ? value.toISOString() : value,
    ]),
  );
}

/** An address without the part that tells a household from its neighbours. */
function networkOf(address: string): string {
  const v4 = /(\d+\.\d+\.\d+)\.\d+$/.exec(address);
  if (v4) return `${v4[1]}.0/24`;
  const groups = address.split('::')[0]?.split(':').slice(0, 3).filter(Boolean) ?? [];
  return groups.length === 0 ? '' : `${groups.join(':')}::/48`;
}
