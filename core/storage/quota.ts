import type pg from 'pg';
import { errors } from '../errors.ts';

/** In bytes. What counts is what people refer to: a file that two of them keep counts twice, though it is stored once. */
export interface StorageQuotas {
  readonly tenantBytes: number;
  readonly accountBytes: number;
  readonly maxObjectBytes: number;
}

const GiB = 1024 ** 3;
export const DEFAULT_QUOTAS: StorageQuotas = {
  tenantBytes: 1024 * GiB,
  accountBytes: 50 * GiB,
  maxObjectBytes: 20 * GiB,
};

interface Owner {
  readonly tenantId: string;
  readonly accountId?: string | undefined;
}

/**
 * Takes bytes from the tenant's and the account's quota, in the caller's transaction. The row stays locked until that
 * ends, so of two uploads that fit one by one but not together the second is refused.
 */
export async function reserve(
  client: pg.ClientBase,
  owner: Owner,
  bytes: number,
  quotas: StorageQuotas,
): Promise<void> {
  if (bytes > quotas.maxObjectBytes) throw tooLarge(quotas);
  // Always the tenant first, or two transactions could wait for each other.
  await take(client, owner.tenantId, '', bytes, quotas.tenantBytes);
  if (owner.accountId !== undefined) await take(client, owner.tenantId, owner.accountId, bytes, quotas.accountBytes);
}

async function take(
  client: pg.ClientBase,
  tenantId: string,
  owner: string,
  bytes: number,
  limit: number,
): Promise<void> {
  const { rows } = await client.query<{ bytes: string }>(
    `insert into kernel.storage_usage as used (tenant_id, owner, bytes) values ($1, $2, $3)
     on conflict (tenant_id, owner) do update set bytes = used.bytes + excluded.bytes returning bytes`,
    [tenantId, owner, bytes],
  );
  const used = Number(rows[0]?.bytes) - bytes;
  if (bytes > 0 && used + bytes > limit) {
    const whose = owner === '' ? 'The site has' : 'You have';
    throw errors.over_quota({ detail: `${whose} ${Math.max(0, limit - used)} bytes left.`, limit, used });
  }
}

export async function release(client: pg.ClientBase, { tenantId, accountId }: Owner, bytes: number): Promise<void> {
  for (const owner of ['', ...(accountId === undefined ? [] : [accountId])]) {
    await client.query('update kernel.storage_usage set bytes = bytes - $3 where tenant_id = $1 and owner = $2', [
      tenantId,
      owner,
      bytes,
    ]);
  }
}

export function tooLarge({ maxObjectBytes }: StorageQuotas) {
  return errors.too_large({ detail: `A file may have ${maxObjectBytes} bytes.`, limit: maxObjectBytes });
}
