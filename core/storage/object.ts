import type { StoredObject, TextType } from '@plinth/sdk/services/storage.ts';

/** An object's row in any state, from the first byte of its upload on. */
export interface ObjectRow extends Omit<StoredObject, 'accountId' | 'sha256' | 'createdAt' | 'expiresAt'> {
  readonly tenantId: string;
  readonly accountId: string | undefined;
  readonly state: 'open' | 'claimed' | 'stored';
  readonly sha256: string | undefined;
  readonly expectedSha256: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly keepUntil: Date | undefined;
  readonly createdAt: Date;
}

/** What whoever stores something says about it. */
export type ObjectFacts = {
  readonly [K in 'accountId' | 'purpose' | 'name' | 'visibility' | 'keepUntil']?: ObjectRow[K] | undefined;
} & { readonly plugin: string };

/** What is known of the bytes beforehand. */
export interface BytesFacts {
  readonly sha256?: string | undefined;
  /** Taken on trust only when the bytes do not tell, and only as one of the harmless text types. */
  readonly textType?: TextType | undefined;
}

export const OBJECT_COLUMNS = `tenant_id as "tenantId", id, plugin, account_id as "accountId", purpose, name, visibility,
  bytes::float8 as bytes, type, state, sha256, expected_sha256 as "expectedSha256", expires_at as "expiresAt",
  keep_until as "keepUntil", created_at as "createdAt"`;

/** PostgreSQL says null where we say undefined. */
export function objectRow(row: Record<string, unknown>): ObjectRow {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [key, value ?? undefined]),
  ) as unknown as ObjectRow;
}

export function storedObject(row: ObjectRow): StoredObject {
  const { id, plugin, accountId, purpose, name, visibility, bytes, type, sha256 = '', createdAt, expiresAt } = row;
  return {
    ...{ id, plugin, purpose, name, visibility, bytes, type, sha256 },
    ...(accountId === undefined ? {} : { accountId }),
    createdAt: createdAt.toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  };
}

export const isId = (id: string) => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);

/** A name as it may be kept: for showing only, so what cannot be shown goes. */
export function shownName(name = ''): string {
  return name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .slice(0, 255)
    .toWellFormed();
}
