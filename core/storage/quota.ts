import type pg from 'pg';
import { errors } from '../errors.ts';

const GiB = 1024 ** 3;
/** In bytes. What counts is what people refer to: a file that two of them keep counts twice, though it is stored once. */
export const DEFAULT_QUOTAS = { tenantBytes: 1024 * GiB, accountBytes: 50 * GiB, maxObjectBytes: 20 * GiB };
export type StorageQuotas = Readonly<typeof DEFAULT_QUOTAS>;

interface Owner {
  readonly tenantId: string;
  readonly accountId?: string | undefined;
}

/**
 * Takes bytes from the tenant's and the account's quota, in the caller's transaction; fewer than none give them back.
 * The rows stay locked until that ends, so of two uploads that fit one by one but not together the second is refused.
 */
export async function reserve(
  client: pg.ClientBase,
  { tenantId, accountId }: Owner,
  bytes: number,
  { tenantBytes, accountBytes }: StorageQuotas,
): Promise<void> {
  const limits = { '': tenantBytes, ...(accountId === undefined ? {} : { [accountId]: accountBytes }) };
  // Always the tenant first, or two transactions could wait for each other.
  for (const [owner, limit] of Object.entries(limits)) {
    const { rows } = await client.query<{ bytes: string }>(
      `insert into kernel.storage_usage as used (tenant_id, owner, bytes) values ($1, $2, greatest($3, 0))
       on conflict (tenant_id, owner) do update set bytes = used.bytes + $3 returning bytes`,
      [tenantId, owner, bytes],
    );
    const used = Number(rows[0]?.bytes) - bytes;
    if (bytes <= 0 || used + bytes <= limit) continue;
    const whose = owner === '' ? 'The site has' : 'You have';
    throw errors.over_quota({ detail: `${whose} ${Math.max(0, limit - used)} bytes left.`, limit, used });
  }
}

export function mustFit(bytes: number, { maxObjectBytes }: StorageQuotas): void {
  if (bytes <= maxObjectBytes) return;
  throw errors.too_large({ detail: `A file may have ${maxObjectBytes} bytes.`, limit: maxObjectBytes });
}
