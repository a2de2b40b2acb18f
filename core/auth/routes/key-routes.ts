// API keys of one's own, for programs: they do what their scopes name, at most what the person may.
// No API key can make another: none of these routes has a scope.
import { type Contribution, newId } from '@plinth/sdk';
import { type Static, Type } from 'typebox';
import type { Desk } from '../desk.ts';
import { errors } from '../errors.ts';
import type { Parts } from '../parts.ts';
import { newApiKey, sha256 } from '../tokens.ts';
import { deskRoutes } from './desk-route.ts';
import { Id, idOf, Moment } from './session-routes.ts';

const Scope = Type.String({ pattern: '^[a-z][a-z0-9-]*(:[a-z][a-z0-9-]*)?$', maxLength: 80 });
const Wanted = Type.Object({
  name: Type.String({ minLength: 1, maxLength: 80 }),
  scopes: Type.Array(Scope, { minItems: 1, maxItems: 50, uniqueItems: true }),
  expiresAt: Type.Optional(Moment),
});
const Key = Type.Object({ id: Id, ...Wanted.properties, lastUsedAt: Type.Optional(Moment), createdAt: Moment });
type Key = Static<typeof Key>;
const FreshKey = Type.Object({ ...Key.properties, key: Type.String({ description: 'Shown this once.' }) });
const COLUMNS = 'id, name, scopes, expires_at, last_used_at, created_at';

export function keyRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  const making = { auth: 'user', perMinute: 10, reply: FreshKey, status: 201 } as const;
  return [
    route(
      'GET /auth/keys',
      { auth: 'user', summary: 'Your API keys', reply: Type.Object({ items: Type.Array(Key) }) },
      async (desk) => {
        const sql = `select ${COLUMNS} from kernel.api_key where tenant_id = $1 and account_id = $2 order by id desc`;
        return { items: await desk.all<Key>(sql, desk.me) };
      },
    ),
    route('POST /auth/keys', { ...making, summary: 'Make an API key', body: Wanted }, (desk, { body }) =>
      addKey(desk, body),
    ),
    route(
      'POST /auth/keys/:keyId/rotate',
      {
        ...making,
        summary: 'Replace a key; the old one works on for the overlap, so nothing stands still',
        body: Type.Object({ overlapSeconds: Type.Integer({ minimum: 0, maximum: 604_800, default: 86_400 }) }),
      },
      (desk, { params, body }) => rotateKey(desk, idOf(params.keyId), body.overlapSeconds),
    ),
    route('DELETE /auth/keys/:keyId', { auth: 'user', summary: 'Remove a key' }, async (desk, { params }) => {
      const keyId = idOf(params.keyId);
      const sql = 'delete from kernel.api_key where tenant_id = $1 and id = $2 and account_id = $3';
      if ((await desk.run(sql, keyId, desk.me)) === 0) throw errors.key_missing();
      await desk.revoke(keyId);
      await desk.audit('auth.key-removed', desk.me, { keyId });
    }),
  ];
}

async function addKey(desk: Desk, wanted: Static<typeof Wanted>): Promise<Static<typeof FreshKey>> {
  const { name, scopes, expiresAt } = wanted;
  const keyId = newId(desk.now.getTime());
  const key = newApiKey(keyId);
  const row = await desk.one<Key>(
    `insert into kernel.api_key (tenant_id, id, account_id, name, sha256, scopes, expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
    ...[keyId, desk.me, name, sha256(key), scopes, expiresAt, desk.now],
  );
  if (!row) throw errors.key_missing();
  await desk.audit('auth.key-created', desk.me, { keyId, scopes });
  return { ...row, key };
}

/** A new key with the same name, scopes and length of life. */
async function rotateKey(desk: Desk, keyId: string, overlapSeconds: number): Promise<Static<typeof FreshKey>> {
  const old = await desk.one<Key>(
    `select ${COLUMNS} from kernel.api_key where tenant_id = $1 and id = $2 and account_id = $3
       and (expires_at is null or expires_at > $4) for update`,
    ...[keyId, desk.me, desk.now],
  );
  if (!old) throw errors.key_missing();
  const end = 'update kernel.api_key set expires_at = least(expires_at, $3) where tenant_id = $1 and id = $2';
  await desk.run(end, keyId, desk.in(overlapSeconds * 1000));
  await desk.revoke(keyId);
  if (old.expiresAt === undefined) return addKey(desk, old);
  const life = Date.parse(old.expiresAt) - Date.parse(old.createdAt);
  return addKey(desk, { ...old, expiresAt: desk.in(life).toISOString() });
}
