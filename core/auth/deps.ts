import type { Clock, Log } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { MailApi } from '../mail/mail.ts';

/** What the room is made from. */
export interface AuthDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly mail: Pick<MailApi, 'enqueue' | 'forget'>;
  readonly log: Log;
  /** Derives the keys of this room. */
  readonly secret: string;
  /** Seen from outside, without a trailing slash: links in mail start with it. */
  readonly publicUrlOf: (tenantId: string) => string | Promise<string>;
}
