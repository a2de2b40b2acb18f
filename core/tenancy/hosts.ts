// Whose a host name is: its owner can put a record into its DNS, and nobody else can.
import { Resolver } from 'node:dns/promises';
import type { HostClaim } from '@plinth/sdk/services/tenancy.ts';
import type pg from 'pg';
import { errors } from './errors.ts';

/** The texts that DNS has at a name, each in one piece; none where there is nothing. */
export type TextsAt = (name: string) => Promise<readonly string[]>;

const NOTHING_THERE = ['ENOTFOUND', 'ENODATA'];

/** Asks the name servers of this machine, or those given: `192.0.2.53:5353`. */
export function textsFrom(servers?: readonly string[]): TextsAt {
  return async (name) => {
    const resolver = new Resolver({ timeout: 2_000, tries: 2 });
    if (servers) resolver.setServers(servers);
    try {
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(''));
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      if (NOTHING_THERE.includes(code)) return [];
      throw errors.dns_silent({ detail: `Asked for the texts at ${name}: ${code}.`, cause: error });
    }
  };
}

interface HostRow {
  readonly host: string;
  readonly proof: string;
  readonly verified: boolean;
}

/** What a tenant has claimed, oldest first. What is not verified leads nowhere. */
export async function readHosts(client: pg.ClientBase, tenantId: string): Promise<HostClaim[]> {
  const { rows } = await client.query<HostRow>(
    `select host, proof, verified_at is not null as verified from kernel.host where tenant_id = $1
     order by created_at, host`,
    [tenantId],
  );
  return rows.map(({ host, proof, verified }) => ({
    ...{ host, verified },
    ...(verified ? {} : { record: { name: `_plinth.${host}`, type: 'TXT' as const, value: proof } }),
  }));
}

/** The record must be there now; that it was removed since it was looked at changes nothing. */
export async function mustProve({ record }: HostClaim, textsAt: TextsAt): Promise<void> {
  if (!record) return;
  const found = await textsAt(record.name);
  if (found.includes(record.value)) return;
  throw errors.host_unproven({
    detail:
      found.length === 0 ? `There is no TXT record at ${record.name}.` : `The TXT record at ${record.name} is another.`,
    record,
  });
}

/** Only as long as the claim is the one that was proven. */
export async function markVerified(client: pg.ClientBase, tenantId: string, { host, record }: HostClaim) {
  await client.query(
    'update kernel.host set verified_at = now() where tenant_id = $1 and host = $2 and proof::text = $3',
    [tenantId, host, record?.value],
  );
}
