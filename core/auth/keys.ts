// API keys: a person's own, for programs. They do what their scopes name, at most what the person may.
import { newId } from '@plinth/sdk';
import type pg from 'pg';
import { writeAudit } from './audit.ts';
import { errors } from './errors.ts';
import { type Asker, type Parts, revoking } from './parts.ts';
import { newApiKey, sha256 } from './tokens.ts';

export interface KeyFacts {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string;
  readonly lastUsedAt?: string;
  readonly createdAt: string;
}

/** The key itself is shown this once. */
export interface FreshKey extends KeyFacts {
  readonly key: string;
}

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: string[];
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
  readonly created_at: Date;
}

const COLUMNS = 'id, name, scopes, expires_at, last_used_at, created_at';

interface WantedKey {
  readonly name: string;
  readonly scopes: readonly string[];
  readonly expiresAt?: string | undefined;
}

export async function createKey(parts: Parts, asker: Asker, accountId: string, wanted: WantedKey): Promise<FreshKey> {
  return parts.database.tenant(asker.tenant.id, (_tx, client) => insertKey(parts, client, asker, accountId, wanted));
}

async function insertKey(
  parts: Parts,
  client: pg.ClientBase,
  asker: Asker,
  accountId: string,
  wanted: WantedKey,
): Promise<FreshKey> {
  const now = parts.clock.now();
  const id = newId(now.getTime());
  const key = newApiKey(id);
  const { rows } = await client.query<KeyRow>(
    `insert into kernel.api_key (tenant_id, id, account_id, name, sha256, scopes, expires_at, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning ${COLUMNS}`,
    [asker.tenant.id, id, accountId, wanted.name, sha256(key), wanted.scopes, wanted.expiresAt, now],
  );
  const fact = { action: 'auth.key-created', subject: accountId, detail: { keyId: id, scopes: wanted.scopes } };
  await writeAudit(client, asker, now, { ...fact, address: asker.address });
  return { ...factsOf(rows), key };
}

/** A new key with the same name, scopes and length of life. The old one works on for the overlap, so nothing stands still. */
export async function rotateKey(
  parts: Parts,
  asker: Asker,
  accountId: string,
  keyId: string,
  overlapSeconds: number,
): Promise<FreshKey> {
  const tenantId = asker.tenant.id;
  const now = parts.clock.now().getTime();
  return revoking(parts, tenantId, keyId, async (client) => {
    const { rows } = await client.query<KeyRow>(
      `select ${COLUMNS} from kernel.api_key where tenant_id = $1 and id = $2 and account_id = $3 for update`,
      [tenantId, keyId, accountId],
    );
    const { name, scopes, expires_at: end, created_at: start } = rows[0] ?? {};
    if (!name || !scopes || !start || (end && end.getTime() <= now)) throw errors.key_missing();
    await client.query(
      'update kernel.api_key set expires_at = least(expires_at, $3) where tenant_id = $1 and id = $2',
      [tenantId, keyId, new Date(now + overlapSeconds * 1000)],
    );
    const expiresAt = end ? new Date(now + end.getTime() - start.getTime()).toISOString() : undefined;
    return insertKey(parts, client, asker, accountId, { name, scopes, expiresAt });
  });
}

export async function listKeys(parts: Parts, tenantId: string, accountId: string): Promise<KeyFacts[]> {
  return parts.database.tenant(
    tenantId,
    async (_tx, client) => {
      const { rows } = await client.query<KeyRow>(
        `select ${COLUMNS} from kernel.api_key where tenant_id = $1 and account_id = $2 order by id desc`,
        [tenantId, accountId],
      );
      return rows.map((row) => factsOf([row]));
    },
    'read',
  );
}

export async function removeKey(parts: Parts, asker: Asker, accountId: string, keyId: string): Promise<void> {
  await revoking(parts, asker.tenant.id, keyId, async (client) => {
    const { rowCount } = await client.query(
      'delete from kernel.api_key where tenant_id = $1 and id = $2 and account_id = $3',
      [asker.tenant.id, keyId, accountId],
    );
    if (rowCount === 0) throw errors.key_missing();
    const fact = { action: 'auth.key-removed', subject: accountId, detail: { keyId }, address: asker.address };
    await writeAudit(client, asker, parts.clock.now(), fact);
  });
}

function factsOf([row]: readonly KeyRow[]): KeyFacts {
  if (!row) throw errors.key_missing();
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes,
    createdAt: row.created_at.toISOString(),
    ...(row.expires_at ? { expiresAt: row.expires_at.toISOString() } : {}),
    ...(row.last_used_at ? { lastUsedAt: row.last_used_at.toISOString() } : {}),
  };
}
