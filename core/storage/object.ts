import type { StoredObject, TextType, Visibility } from '@plinth/sdk/services/storage.ts';

/** An object's row in any state, from the first byte of its upload on. */
export interface ObjectRow {
  readonly tenantId: string;
  readonly id: string;
  readonly plugin: string;
  readonly accountId: string | undefined;
  readonly purpose: string;
  readonly name: string;
  readonly visibility: Visibility;
  readonly bytes: number;
  readonly type: string;
  readonly state: 'open' | 'claimed' | 'stored';
  readonly sha256: string | undefined;
  readonly expectedSha256: string | undefined;
  readonly expiresAt: Date | undefined;
  readonly keepUntil: Date | undefined;
  readonly createdAt: Date;
}

/** What whoever stores something says about it. */
export interface ObjectFacts {
  readonly plugin: string;
  readonly accountId?: string | undefined;
  readonly purpose?: string | undefined;
  readonly name?: string | undefined;
  readonly visibility?: Visibility | undefined;
  /** Taken on trust only when the bytes do not tell, and only as one of the harmless text types. */
  readonly textType?: TextType | undefined;
  readonly keepUntil?: Date | undefined;
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
    id,
    plugin,
    ...(accountId === undefined ? {} : { accountId }),
    purpose,
    name,
    visibility,
    bytes,
    type,
    sha256,
    createdAt: createdAt.toISOString(),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.toISOString() }),
  };
}

/** A name as it may be kept: for showing only, so what cannot be shown goes. */
export function shownName(name: string): string {
  return name
    .toWellFormed()
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, '')
    .slice(0, 255)
    .toWellFormed();
}
