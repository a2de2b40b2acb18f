import type { Call, Contribution, Person } from '@plinth/sdk';
import type pg from 'pg';
import type { Room } from '../room.ts';
import { addAccount, normalEmail } from './accounts.ts';
import { ActorCache } from './actor-cache.ts';
import { createAuthenticate, personFor } from './authenticate.ts';
import type { AuthDeps } from './deps.ts';
import { errors } from './errors.ts';
import { type Parts, systemIn } from './parts.ts';
import { checkPassword, createPasswords } from './passwords.ts';
import { createPermissions, type Permissions } from './permissions.ts';
import { assignRoles } from './roles.ts';
import { accountRoutes } from './routes/account-routes.ts';
import { adminRoutes } from './routes/admin-routes.ts';
import { keyRoutes } from './routes/key-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { authServices } from './services.ts';
import { findLogin } from './sign-in.ts';
import { sweep, sweepJob } from './sweep.ts';
import { createRefreshTokens } from './tokens.ts';

/** An account made without a registration: by the command line, the demo, or whoever opens a new site. */
export interface GivenAccount {
  readonly email: string;
  readonly password?: string;
  readonly displayName: string;
  readonly roles?: readonly string[];
  /** Whether the e-mail is known to be theirs. Without it they get in by resetting the password. */
  readonly verified?: boolean;
  /** In the platform's tenant only. */
  readonly operator?: boolean;
}

export interface AuthApi extends Pick<Permissions, 'declare' | 'forget'> {
  /** Who is behind a bearer token or API key in a tenant. At once when it is known already. */
  authenticate(tenantId: string, token: string): Person | undefined | Promise<Person | undefined>;
  createAccount(tenantId: string, account: GivenAccount): Promise<string>;
  /** The first account of a new site, in the transaction that makes the site. */
  createOwner(client: pg.ClientBase, tenantId: string, account: GivenAccount): Promise<string>;
  /** An active account as an actor. */
  personFor(tenantId: string, accountId: string): Promise<Person | undefined>;
  /** Where mail for an account goes. */
  recipientOf(
    tenantId: string,
    accountId: string,
  ): Promise<{ readonly address: string; readonly locale: string; readonly displayName: string } | undefined>;
  /** What another node said on `AUTH_CHANNEL`: the tenant, and the credential or account if it is about one. */
  heard(payload: string): void;
  /** Notices may have been missed. */
  forgetAll(): void;
  /** Called here and on every other node when a credential, an account, or a whole tenant (no subject) may do less. */
  onRevoked(listener: (tenantId?: string, subjectId?: string) => void): void;
}

/** Accounts, sessions, API keys, roles and the audit log. */
export function createAuth(deps: AuthDeps): Room & AuthApi {
  const permissions = createPermissions();
  const parts: Parts = {
    ...deps,
    permissions,
    passwords: createPasswords(),
    refreshTokens: createRefreshTokens(deps.secret),
    actors: new ActorCache(),
  };
  permissions.declare('kernel/auth', {
    'kernel.accounts': 'See the people of this site, and suspend them',
    'kernel.roles': 'Make roles, and give them to people',
    'kernel.audit': 'Read the audit log',
  });

  return {
    name: 'auth',
    provides: authServices(parts),
    jobs: { 'auth-sweep': sweepJob },
    contributions: [
      ...sessionRoutes(parts),
      ...accountRoutes(parts),
      ...keyRoutes(parts),
      ...adminRoutes(parts),
      {
        kind: 'job',
        name: 'auth-sweep',
        handler: ({ tenant }: Call) => sweep(parts, tenant.id),
      } satisfies Contribution,
    ],
    authenticate: createAuthenticate(parts),
    createAccount: (tenantId, account) =>
      deps.database.tenant(tenantId, (_tx, client) => createAccount(parts, client, tenantId, account)),
    createOwner: (client, tenantId, account) =>
      createAccount(parts, client, tenantId, { verified: true, ...account, roles: ['owner'] }),
    personFor: (tenantId, accountId) => personFor(parts, tenantId, accountId),
    async recipientOf(tenantId, accountId) {
      return deps.database.tenant(
        tenantId,
        async (_tx, client) => {
          const login = await findLogin(client, tenantId, { accountId });
          if (!login) return undefined;
          const { rows } = await client.query<{ locale: string }>('select locale from kernel.tenant where id = $1', [
            tenantId,
          ]);
          return {
            address: login.email,
            locale: login.locale ?? rows[0]?.locale ?? 'en',
            displayName: login.displayName,
          };
        },
        'read',
      );
    },
    declare(owner, declared, roles) {
      permissions.declare(owner, declared, roles);
      parts.actors.forget();
    },
    forget(owner) {
      permissions.forget(owner);
      parts.actors.forget();
    },
    heard(payload) {
      const [tenantId, subjectId] = payload.split(' ');
      parts.actors.forget(tenantId || undefined, subjectId || undefined);
    },
    forgetAll: () => parts.actors.forget(),
    onRevoked: (listener) => parts.actors.onForget(listener),
  };
}

async function createAccount(
  parts: Parts,
  client: pg.ClientBase,
  tenantId: string,
  given: GivenAccount,
): Promise<string> {
  const { displayName, verified = false, operator = false, roles = [] } = given;
  const email = normalEmail(given.email);
  if (given.password !== undefined) checkPassword(given.password, email);
  const passwordHash = given.password === undefined ? undefined : await parts.passwords.hash(given.password);
  const asker = systemIn({ id: tenantId });
  const { rows } = await client.query<{ platform: boolean }>('select platform from kernel.tenant where id = $1', [
    tenantId,
  ]);
  if (operator && !rows[0]?.platform) throw errors.not_platform();
  const id = await addAccount(parts, client, asker, { email, displayName, passwordHash, verified, operator });
  await assignRoles(parts, client, asker, id, roles);
  return id;
}
