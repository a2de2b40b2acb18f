import type { Clock } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import type { JobsApi } from '../jobs/jobs.ts';
import type { MailPort, Recipient } from '../mail/mail.ts';
import type { RealtimeApi } from '../realtime/realtime.ts';
import type { Kind } from './kinds.ts';

/** What the room is made from. */
export interface NoticesDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly mail: MailPort;
  readonly jobs: Pick<JobsApi, 'enqueue' | 'nudge'>;
  readonly realtime: Pick<RealtimeApi, 'publish' | 'register'>;
  /** The kinds of the plugins that are switched on in a tenant: what a plugin said falls silent with it. */
  readonly kindsOf: (tenantId: string) => Promise<readonly Kind[]> | readonly Kind[];
  readonly recipientOf: (tenantId: string, accountId: string) => Promise<Recipient | undefined>;
  readonly secret: string;
  /** Whom a push service may turn to: `mailto:…` or a page. */
  readonly contact: string;
  /** For tests: push services may be on this machine. */
  readonly pushAnywhere?: boolean;
}
