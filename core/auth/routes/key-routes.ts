// API keys of one's own. No API key can make another: none of these routes has a scope.
import type { Contribution } from '@plinth/sdk';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { createKey, listKeys, removeKey, rotateKey } from '../keys.ts';
import { askerOf, type Parts } from '../parts.ts';
import { idOr } from './session-routes.ts';

const Scope = Type.String({ pattern: '^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)?$', maxLength: 80 });
const Moment = Type.String({ format: 'date-time' });
const Key = Type.Object({
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  scopes: Type.Array(Type.String()),
  expiresAt: Type.Optional(Moment),
  lastUsedAt: Type.Optional(Moment),
  createdAt: Moment,
});
const FreshKey = Type.Object({ ...Key.properties, key: Type.String({ description: 'Shown this once.' }) });

export function keyRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/keys',
      { auth: 'user', summary: 'Your API keys', reply: Type.Object({ items: Type.Array(Key) }) },
      async (call) => ({ items: (await listKeys(parts, call.tenant.id, call.actor.accountId)).map(open) }),
    ),
    kernelRoute(
      'POST /auth/keys',
      {
        auth: 'user',
        summary: 'Make an API key',
        perMinute: 10,
        body: Type.Object({
          name: Type.String({ minLength: 1, maxLength: 80 }),
          scopes: Type.Array(Scope, { minItems: 1, maxItems: 50, uniqueItems: true }),
          expiresAt: Type.Optional(Moment),
        }),
        reply: FreshKey,
        status: 201,
      },
      async (call, request) => open(await createKey(parts, askerOf(call, request), call.actor.accountId, request.body)),
    ),
    kernelRoute(
      'POST /auth/keys/:keyId/rotate',
      {
        auth: 'user',
        summary: 'Replace a key; the old one works on for the overlap',
        perMinute: 10,
        body: Type.Object({ overlapSeconds: Type.Integer({ minimum: 0, maximum: 604_800, default: 86_400 }) }),
        reply: FreshKey,
        status: 201,
      },
      async (call, request) => {
        const { params, body } = request;
        return open(
          await rotateKey(parts, askerOf(call, request), call.actor.accountId, idOr(params.keyId), body.overlapSeconds),
        );
      },
    ),
    kernelRoute('DELETE /auth/keys/:keyId', { auth: 'user', summary: 'Remove a key' }, async (call, request) =>
      removeKey(parts, askerOf(call, request), call.actor.accountId, idOr(request.params.keyId)),
    ),
  ];
}

/** Replies are typed by mutable schemas. */
function open<T extends { readonly scopes: readonly string[] }>(key: T): Omit<T, 'scopes'> & { scopes: string[] } {
  return { ...key, scopes: [...key.scopes] };
}
