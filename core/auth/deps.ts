import type { Clock, Log } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';

/** Letters leave in the transaction that gives a reason for them. */
export interface MailPort {
  enqueue(client: pg.ClientBase, message: MailMessage): Promise<unknown>;
  /** Drops what was written to an address whose owner is forgotten. */
  forget?(client: pg.ClientBase, tenantId: string, address: string): Promise<void>;
}

export interface MailMessage {
  readonly tenantId: string;
  readonly to: string;
  readonly template: string;
  readonly locale: string;
  readonly data: Readonly<Record<string, string | number>>;
}

/** What the room is made from. */
export interface AuthDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly mail: MailPort;
  readonly log: Log;
  /** Derives the keys of this room. */
  readonly secret: string;
  /** Seen from outside, without a trailing slash: links in mail start with it. */
  readonly publicUrlOf: (tenantId: string) => string | Promise<string>;
}
