import type { Call, Contribution, Person } from '@plinth/sdk';
import type pg from 'pg';
import type { Recipient } from '../mail/mail.ts';
import type { Room } from '../room.ts';
import { addAccount, recipientOf } from './accounts.ts';
import { ActorCache } from './actor-cache.ts';
import { createAuthenticate, personFor } from './authenticate.ts';
import { createBox } from './box.ts';
import type { AuthDeps } from './deps.ts';
import { atDesk, Desk } from './desk.ts';
import { errors } from './errors.ts';
import { askerOf, type Parts, type ReadExport, systemIn } from './parts.ts';
import { checkPassword, createPasswords } from './passwords.ts';
import { createPermissions, type Permissions } from './permissions.ts';
import { assignRoles } from './roles.ts';
import { accountRoutes } from './routes/account-routes.ts';
import { auditRoute, peopleRoutes, roleRoutes } from './routes/admin-routes.ts';
import { passkeyRoutes, totpRoutes } from './routes/factor-routes.ts';
import { keyRoutes } from './routes/key-routes.ts';
import { oidcRoutes } from './routes/oidc-routes.ts';
import { personRoutes } from './routes/person-routes.ts';
import { sessionRoutes } from './routes/session-routes.ts';
import { authServices } from './services.ts';
import { normalEmail } from './sign-in.ts';
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
  recipientOf(tenantId: string, accountId: string): Promise<Recipient | undefined>;
  /** What another node said on `plinth_auth`: the tenant, and the credential or account if it is about one. */
  heard(payload: string): void;
  /** Notices may have been missed. */
  forgetAll(): void;
  /** Called when a credential or an account, or everybody in a tenant (no subject), may do less, on whichever node. */
  onRevoked(listener: (tenantId?: string, subjectId?: string) => void): void;
  /** Adds what another room, or the plugins, hold of a person to what they are given when they ask for it. */
  onExport(section: string, read: ReadExport): void;
}

/** Accounts, sessions, API keys, roles and the audit log. */
export function createAuth(deps: AuthDeps): Room & AuthApi {
  const permissions = createPermissions();
  const actors = new ActorCache();
  const refreshTokens = createRefreshTokens(deps.secret);
  const box = createBox(deps.secret);
  const exports = new Map<string, ReadExport>();
  const parts: Parts = { ...deps, permissions, actors, refreshTokens, box, exports, passwords: createPasswords() };
  permissions.declare('kernel/auth', {
    'kernel.accounts': 'See the people of this site, and suspend them',
    'kernel.roles': 'Make roles, and give them to people',
    'kernel.audit': 'Read the audit log',
  });
  const handler = (call: Call) => atDesk(parts, askerOf(call), sweep);

  return {
    name: 'auth',
    provides: authServices(parts),
    jobs: { 'auth-sweep': sweepJob },
    contributions: [
      ...[...sessionRoutes(parts), ...accountRoutes(parts), ...keyRoutes(parts)],
      ...[...totpRoutes(parts), ...passkeyRoutes(parts), ...oidcRoutes(parts), ...personRoutes(parts)],
      ...[...peopleRoutes(parts), ...roleRoutes(parts), auditRoute(parts)],
      { kind: 'job', name: 'auth-sweep', handler } satisfies Contribution,
    ],
    authenticate: createAuthenticate(parts),
    createAccount: (tenantId, account) => atDesk(parts, systemIn(tenantId), (desk) => createAccount(desk, account)),
    createOwner: (client, tenantId, account) =>
      createAccount(new Desk(parts, systemIn(tenantId), client), { verified: true, ...account, roles: ['owner'] }),
    personFor: (tenantId, accountId) => atDesk(parts, systemIn(tenantId), (desk) => personFor(desk, accountId)),
    recipientOf: (tenantId, accountId) => atDesk(parts, systemIn(tenantId), (desk) => recipientOf(desk, accountId)),
    declare(owner, declared, roles) {
      permissions.declare(owner, declared, roles);
      actors.forget();
    },
    forget(owner) {
      permissions.forget(owner);
      actors.forget();
    },
    heard(payload) {
      const [tenantId, subjectId] = payload.split(' ');
      actors.forget(tenantId || undefined, subjectId || undefined);
    },
    forgetAll: () => actors.forget(),
    onRevoked: (listener) => actors.onForget(listener),
    onExport: (section, read) => void exports.set(section, read),
  };
}

async function createAccount(desk: Desk, given: GivenAccount): Promise<string> {
  const { displayName, password, verified = false, operator = false, roles = [] } = given;
  const email = normalEmail(given.email);
  if (password !== undefined) checkPassword(password, email);
  const passwordHash = password === undefined ? undefined : await desk.parts.passwords.hash(password);
  const platform = await desk.run('select from kernel.tenant where id = $1 and platform');
  if (operator && platform === 0) throw errors.not_platform();
  const id = await addAccount(desk, { email, displayName, passwordHash, verified, operator });
  await assignRoles(desk, id, roles);
  return id;
}
