import type { Call } from '@plinth/sdk';
import { AccountExport } from '@plinth/sdk/services/accounts.ts';
import { askPoint } from './plugins/ask-point.ts';
import { CallContext } from './plugins/call.ts';
import type { Runtime } from './plugins/runtime.ts';
import { KERNEL, type Rooms } from './rooms.ts';

/** What each room keeps of a person, and how to read it: `$1` is the tenant, `$2` the account. */
const KEPT: Readonly<Record<string, string>> = {
  notices: 'select id, kind, data, created_at, read_at from kernel.notice where tenant_id = $1 and account_id = $2',
  noticePreferences: 'select kind, channels from kernel.notice_preference where tenant_id = $1 and account_id = $2',
  browsers: 'select id, endpoint, created_at from kernel.push_subscription where tenant_id = $1 and account_id = $2',
  files: 'select id, name, type, bytes, created_at from kernel.storage_object where tenant_id = $1 and account_id = $2',
  jobs: `select id, plugin, job, state, data, created_at from kernel.job_run
    where tenant_id = $1 and actor->>'accountId' = $2::text`,
  work: 'select id, kind, plugin, state, result, created_at from kernel.work where tenant_id = $1 and account_id = $2 and parent is null',
};

/** Completes the account's export: what other rooms hold of a person, and what plugins answer when they are asked. */
export function completeExport({ auth }: Rooms, runtime: Runtime): void {
  for (const [section, sql] of Object.entries(KEPT)) {
    auth.onExport(section, (call, accountId) =>
      runtime.database.tenant(
        call.tenant.id,
        async (_tx, client) => (await client.query<Record<string, unknown>>(sql, [call.tenant.id, accountId])).rows,
        'read',
      ),
    );
  }
  auth.onExport('plugins', async (call: Call, accountId) => {
    if (!(call instanceof CallContext)) return [];
    const asker = { start: call.start, tenant: call.tenant, beforeCall: () => {} };
    return askPoint(runtime, asker, KERNEL, AccountExport, { accountId });
  });
}
