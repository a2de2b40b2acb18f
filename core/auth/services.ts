// What plugins are offered: `accounts@1` and `audit@1`.
import { Accounts } from '@plinth/sdk/services/accounts.ts';
import { Audit } from '@plinth/sdk/services/audit.ts';
import { type Provided, provided } from '../room.ts';
import { accountById, accountsById, changeAccount, normalEmail } from './accounts.ts';
import { listAudit, writeAudit } from './audit.ts';
import type { Parts } from './parts.ts';
import { holdersOf } from './roles.ts';
import { findLogin } from './sign-in.ts';

export function authServices(parts: Parts): Provided[] {
  const { database, clock } = parts;
  return [
    provided(Accounts, {
      get: ({ tenant }, { accountId }) =>
        database.tenant(tenant.id, (_tx, client) => accountById(parts, client, tenant.id, accountId), 'read'),
      getMany: async ({ tenant }, { accountIds }) => ({
        items: await database.tenant(
          tenant.id,
          (_tx, client) => accountsById(parts, client, tenant.id, accountIds),
          'read',
        ),
      }),
      findByEmail: async ({ tenant }, given) => {
        const email = normalEmail(given.email);
        const login = await database.tenant(
          tenant.id,
          (_tx, client) => findLogin(client, tenant.id, { email }),
          'read',
        );
        return login ? { accountId: login.id } : {};
      },
      holders: async ({ tenant }, { permission }) => ({
        accountIds: await database.tenant(
          tenant.id,
          (_tx, client) => holdersOf(parts, client, tenant.id, permission),
          'read',
        ),
      }),
      setVerification: (call, { accountId, ...change }) =>
        database.tenant(call.tenant.id, async (_tx, client) => {
          const fact = {
            action: 'auth.verification-changed',
            subject: accountId,
            detail: { ...change, by: call.caller },
          };
          await writeAudit(client, call, clock.now(), fact);
          return changeAccount(parts, client, call.tenant.id, accountId, change);
        }),
    }),
    provided(Audit, {
      write: async (call, { action, ...fact }) => {
        await database.tenant(call.tenant.id, (_tx, client) =>
          writeAudit(client, call, clock.now(), { ...fact, action: `${call.caller ?? 'kernel'}.${action}` }),
        );
        return {};
      },
      list: async ({ tenant }, query) => {
        const page = await database.tenant(tenant.id, (_tx, client) => listAudit(client, tenant.id, query), 'read');
        return { ...page, items: [...page.items] };
      },
    }),
  ];
}
