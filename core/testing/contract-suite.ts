import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { manifestOf, type Plugin, type Service } from '@plinth/sdk';
import pg from 'pg';
import { expect, test } from 'vitest';
import { pluginRole, schemaOf } from '../database/roles.ts';
import { KERNEL_SERVICES } from '../plugins/kernel-services.ts';
import { fakeOf } from './fake.ts';
import { createTestKernel, type TestKernel } from './kernel.ts';
import { silenceOf } from './silence.ts';

export interface ContractOptions {
  /** The committed `manifest.json`. */
  readonly manifest: URL;
  /** Plugins that provide what this one needs; services that none of them provides are answered by fakes. */
  readonly beside?: readonly Plugin[];
}

/**
 * What every plugin must keep, ours or theirs. Call it in a test file of the plugin.
 *
 * @example contractSuite(tipJar, { manifest: new URL('../manifest.json', import.meta.url) });
 */
export function contractSuite(plugin: Plugin, { manifest, beside = [] }: ContractOptions): void {
  const { id, capabilities = [] } = plugin.header;
  const alone = (given: Plugin = plugin, ownRoles = false) =>
    createTestKernel({ plugins: [...beside, given], services: fakesFor(given, beside), ownRoles });

  test(`${id} boots alone, with stand-ins for what it needs`, async () => {
    await using kernel = await alone();
    expect(Object.fromEntries(kernel.kernel.host.quarantined)).toEqual({});
    const site = await kernel.tenant();
    expect(await isReachable(plugin, site)).toBe(true);
  });

  for (const [name, need] of Object.entries(plugin.header.needs ?? {})) {
    if (need.kind !== 'optional') continue;
    test(`${id} boots without ${need.service.id}, which it can do without`, async () => {
      const without = beside.filter((each) => !provides(each, need.service.id));
      await using kernel = await createTestKernel({
        plugins: [...without, plugin],
        services: fakesFor(plugin, without).filter(([service]) => service.id !== need.service.id),
      });
      const site = await kernel.tenant();
      expect(kernel.kernel.host.quarantined.get(id)).toBeUndefined();
      expect((await site.ctx<Record<string, unknown>>(id))[name]).toBeUndefined();
    });
  }

  test(`${id} is silent where it is switched off: requests, events, jobs, points, slots, sockets`, async () => {
    await using kernel = await alone();
    const site = await kernel.tenant();
    await site.disable(id);
    expect(await isReachable(plugin, site)).toBe(false);
    expect(await silenceOf(kernel, plugin, site.id)).toEqual([]);
  });

  test(`${id} leaves nothing behind when it is dropped`, async () => {
    await using kernel = await alone(plugin, true);
    await kernel.tenant();
    await kernel.kernel.host.drop(id);
    expect(await leftovers(kernel, id)).toEqual([]);
  });

  test(`the committed manifest of ${id} says what its code says`, () => {
    expect(JSON.parse(readFileSync(fileURLToPath(manifest), 'utf8'))).toEqual(manifestOf(plugin));
  });

  test(`${id} uses every capability it asks for, and reaches none that it does not`, async () => {
    expect([...capabilities].filter((each) => !usable(plugin).has(each) && !each.startsWith('net:'))).toEqual([]);
    const stripped: Plugin = { ...plugin, header: { ...plugin.header, capabilities: [] } };
    await using kernel = await alone(stripped);
    const site = await kernel.tenant();
    const ctx = await site.ctx<Record<string, Record<string, (input: unknown) => Promise<unknown>>>>(id);
    for (const [name, service, method] of guardedMethods(plugin)) {
      const call = ctx[name]?.[method]?.(fakeOf(service.methods[method]?.input ?? {}));
      await expect(call, `${service.id} ${method}`).rejects.toMatchObject({ code: 'kernel.capability_missing' });
    }
  });
}

type Site = Awaited<ReturnType<TestKernel['tenant']>>;

async function isReachable({ header, contributions }: Plugin, site: Site): Promise<boolean> {
  const route = contributions.find((each) => each.kind === 'route');
  if (!route) return (await site.anyone().get(`/api/${header.id}/`)).body.detail !== undefined;
  const url = `/api/${header.id}${route.path.replace(/:[^/]+/g, 'x')}`;
  const { status, body } = await site.anyone().send<{ title?: string; detail?: string }>(route.method, url);
  // A plugin that is off answers as if it did not exist, without a word about the path.
  return !(status === 404 && body.detail === undefined);
}

function fakesFor(plugin: Plugin, beside: readonly Plugin[]): [Service, Record<string, () => Promise<unknown>>][] {
  const wanted = Object.values(plugin.header.needs ?? {}).flatMap((need) =>
    need.kind === 'service' ? [need] : need.kind === 'optional' ? [need.service] : [],
  );
  const missing = wanted.filter(
    (service) => !KERNEL_SERVICES.has(service.id) && !beside.some((each) => provides(each, service.id)),
  );
  return missing.map((service) => [
    service,
    Object.fromEntries(Object.entries(service.methods).map(([name, { output }]) => [name, async () => fakeOf(output)])),
  ]);
}

const provides = (plugin: Plugin, serviceId: string): boolean =>
  plugin.contributions.some((each) => each.kind === 'provide' && each.service.id === serviceId);

function guardedMethods({ header }: Plugin): [string, Service, string][] {
  return Object.entries(header.needs ?? {}).flatMap(([name, need]) => {
    if (need.kind !== 'service' && need.kind !== 'optional') return [];
    const service = need.kind === 'optional' ? need.service : need;
    return Object.entries(service.methods)
      .filter(([, method]) => method.capability !== undefined)
      .map(([method]): [string, Service, string] => [name, service, method]);
  });
}

function usable(plugin: Plugin): Set<string> {
  return new Set(guardedMethods(plugin).map(([, service, method]) => service.methods[method]?.capability ?? ''));
}

/** What a dropped plugin could have left in the database. */
async function leftovers({ kernel, owner }: TestKernel, id: string): Promise<string[]> {
  const client = new pg.Client(owner);
  await client.connect();
  try {
    const { rows } = await client.query<{ what: string }>(
      `select 'schema ' || nspname as what from pg_namespace where nspname = $1
       union all select 'role ' || rolname from pg_roles where rolname = $2
       union all select 'migration ' || name from kernel.migration where unit = $3 or unit like $3 || '/%'
       union all select 'switch' from kernel.tenant_plugin where plugin = $3
       union all select 'subscription' from kernel.subscription where consumer like $3 || '/%'
       union all select 'job' from kernel.job_run where plugin = $3 and state in ('waiting', 'running')`,
      [schemaOf(id), pluginRole(kernel.database.roles, id), id],
    );
    return rows.map((row) => row.what);
  } finally {
    await client.end();
  }
}
