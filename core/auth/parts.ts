import type { Actor, Call } from '@plinth/sdk';
import type pg from 'pg';
import type { Connection } from '../room.ts';
import type { ActorCache } from './actor-cache.ts';
import type { AuthDeps } from './deps.ts';
import type { Passwords } from './passwords.ts';
import type { Permissions } from './permissions.ts';
import type { RefreshTokens } from './tokens.ts';

/** What the functions of this room share. Made once, by `createAuth`. */
export interface Parts extends AuthDeps {
  readonly passwords: Passwords;
  readonly permissions: Permissions;
  readonly refreshTokens: RefreshTokens;
  readonly actors: ActorCache;
}

/** Who asks, and from where: what is audited, shown in the list of sessions and written in mail. */
export interface Asker {
  readonly tenant: { readonly id: string; readonly locale: string };
  readonly actor: Actor;
  readonly requestId: string;
  readonly address: string;
  readonly userAgent: string;
}

export function askerOf(
  call: Call,
  request: { readonly headers: Readonly<Record<string, string | undefined>>; readonly connection: Connection },
): Asker {
  return {
    tenant: call.tenant,
    actor: call.actor,
    requestId: call.requestId,
    address: request.connection.address,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 300),
  };
}

/** The kernel itself, for what nobody asked for over the network. */
export function systemIn(tenant: { readonly id: string; readonly locale?: string }): Asker {
  const { id, locale = 'en' } = tenant;
  return { tenant: { id, locale }, actor: { kind: 'system' }, requestId: '', address: '', userAgent: '' };
}

/** Told to every node when what somebody may do has changed. */
export const AUTH_CHANNEL = 'plinth_auth';

/**
 * A transaction that takes something away from a credential or an account (`subjectId`), or from the whole tenant.
 * Once it has committed, no node answers from what it remembers: this one at once, the others on notice.
 */
export async function revoking<T>(
  parts: Parts,
  tenantId: string,
  subjectId: string | undefined,
  run: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  try {
    return await parts.database.tenant(tenantId, async (_tx, client) => {
      const result = await run(client);
      await client.query('select pg_notify($1, $2)', [AUTH_CHANNEL, `${tenantId} ${subjectId ?? ''}`]);
      return result;
    });
  } finally {
    // Also after a failure: a commit whose answer was lost may have happened.
    parts.actors.forget(tenantId, subjectId);
  }
}
