import { Accounts } from '@plinth/sdk/services/accounts.ts';
import { Audit } from '@plinth/sdk/services/audit.ts';
import { Jobs } from '@plinth/sdk/services/jobs.ts';
import { Ledger } from '@plinth/sdk/services/ledger.ts';
import { Mail } from '@plinth/sdk/services/mail.ts';
import { Media } from '@plinth/sdk/services/media.ts';
import { Notices } from '@plinth/sdk/services/notices.ts';
import { Renders } from '@plinth/sdk/services/renders.ts';
import { Storage } from '@plinth/sdk/services/storage.ts';
import { Tenancy } from '@plinth/sdk/services/tenancy.ts';

/** What every kernel offers, for who has none at hand: the command line, and the contract suite. */
export const KERNEL_SERVICES: ReadonlySet<string> = new Set(
  [Ledger, Tenancy, Accounts, Audit, Jobs, Storage, Mail, Notices, Renders, Media].map(({ id }) => id),
);
