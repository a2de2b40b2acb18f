// What plugins are offered: `accounts@1` and `audit@1`.
import type { Call } from '@plinth/sdk';
import { Accounts } from '@plinth/sdk/services/accounts.ts';
import { Audit } from '@plinth/sdk/services/audit.ts';
import { type Provided, provided } from '../room.ts';
import { accountById, accountsById, changeAccount } from './accounts.ts';
import { atDesk, type Desk } from './desk.ts';
import { askerOf, type Parts } from './parts.ts';
import { listAudit } from './routes/admin-routes.ts';
import { findLogin, normalEmail } from './sign-in.ts';

export function authServices(parts: Parts): Provided[] {
  const at = <T>(call: Call, work: (desk: Desk) => Promise<T>) => atDesk(parts, askerOf(call), work);
  return [
    provided(Accounts, {
      get: (call, { accountId }) => at(call, (desk) => accountById(desk, accountId)),
      getMany: async (call, { accountIds }) => ({ items: await at(call, (desk) => accountsById(desk, accountIds)) }),
      findByEmail: async (call, { email }) => {
        const login = await at(call, (desk) => findLogin(desk, { email: normalEmail(email) }));
        return login ? { accountId: login.id } : {};
      },
      setVerification: (call, { accountId, ...change }) =>
        at(call, async (desk) => {
          await desk.audit('auth.verification-changed', accountId, { ...change, by: call.caller });
          return changeAccount(desk, accountId, change);
        }),
    }),
    provided(Audit, {
      write: async (call, { action, subject, detail }) => {
        await at(call, (desk) => desk.audit(`${call.caller ?? 'kernel'}.${action}`, subject, detail));
        return {};
      },
      list: (call, query) => at(call, (desk) => listAudit(desk, query)),
    }),
  ];
}
