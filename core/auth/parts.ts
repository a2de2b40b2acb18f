import type { Actor, Call } from '@plinth/sdk';
import type { Connection } from '../room.ts';
import type { ActorCache } from './actor-cache.ts';
import type { Box } from './box.ts';
import type { AuthDeps } from './deps.ts';
import type { Passwords } from './passwords.ts';
import type { Permissions } from './permissions.ts';
import type { RefreshTokens } from './tokens.ts';

export type ReadExport = (call: Call, accountId: string) => Promise<unknown>;

/** What the functions of this room share. Made once, by `createAuth`. */
export interface Parts extends AuthDeps {
  readonly passwords: Passwords;
  readonly permissions: Permissions;
  readonly refreshTokens: RefreshTokens;
  readonly actors: ActorCache;
  readonly box: Box;
  /** What else is held of a person: section → how to read it. */
  readonly exports: ReadonlyMap<string, ReadExport>;
}

/** Who asks, and from where: what is audited, shown in the list of sessions and written in mail. */
export interface Asker {
  readonly tenant: { readonly id: string; readonly locale: string };
  readonly actor: Actor;
  readonly requestId: string;
  readonly address: string;
  /** Of the site's, the one that was asked. */
  readonly host: string;
  readonly userAgent: string;
}

export interface Asking {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly connection: Connection;
}

export function askerOf({ tenant, actor, requestId }: Call, request?: Asking): Asker {
  const userAgent = (request?.headers['user-agent'] ?? '').slice(0, 300);
  const { address = '', host = '' } = request?.connection ?? {};
  return { tenant, actor, requestId, address, host, userAgent };
}

/** The kernel itself, for what nobody asked for over the network. */
export function systemIn(tenantId: string): Asker {
  const tenant = { id: tenantId, locale: 'en' };
  return { tenant, actor: { kind: 'system' }, requestId: '', address: '', host: '', userAgent: '' };
}
