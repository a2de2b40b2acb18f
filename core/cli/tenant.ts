// `plinth tenant`: makes and lists sites from the machine itself. The platform's own site, and with it the first
// operator, can be made nowhere else.
import { text } from 'node:stream/consumers';
import { loadConfig } from '../config.ts';
import { type Kernel, startKernel } from '../kernel.ts';
import { errors } from './errors.ts';
import type { Result, Typed } from './verb.ts';

type Options = Readonly<Record<string, string | undefined>> & { readonly platform?: boolean };

export async function tenant({ options, words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action, slug, ...more] = words;
  const known = (action === 'list' && slug === undefined) || (action === 'create' && slug !== undefined);
  if (!known || more.length > 0) throw errors.wrong_usage({ detail: 'Write "tenant list" or "tenant create NAME".' });
  const config = loadConfig({ PLINTH_LOG_LEVEL: 'error', ...process.env });
  const kernel = await startKernel(config);
  try {
    print(slug === undefined ? await list(kernel) : await create(kernel, slug, options as Options));
  } finally {
    await kernel.stop();
  }
}

async function list({ tenancy }: Kernel): Promise<Result> {
  const tenants = (await tenancy.list()).map(({ facts, platform, active, hosts }) => ({
    ...facts,
    platform,
    active,
    hosts,
  }));
  const lines = tenants.map(
    ({ slug, name, platform, hosts }) => `${slug}${platform ? ' (platform)' : ''}  ${name}  ${hosts.join(' ')}`,
  );
  return { tenants, text: lines.join('\n') || 'There are no sites yet.' };
}

async function create(kernel: Kernel, slug: string, options: Options): Promise<Result> {
  const { name = slug, owner: email, locale, zone, platform = false } = options;
  if (email === undefined) throw errors.wrong_usage({ detail: 'Name its owner: --owner somebody@example.org.' });
  const password = process.stdin.isTTY ? undefined : (await text(process.stdin)).trim() || undefined;
  const wanted = options.plugins?.split(',') ?? (kernel.host.loaded.has('tenants') ? ['tenants'] : []);
  // Whoever may run this has read what the plugins ask for.
  const consents = wanted.map((plugin) => ({
    plugin,
    capabilities: [...(kernel.host.loaded.get(plugin)?.capabilities ?? [])],
  }));
  const place = { ...(locale === undefined ? {} : { locale }), ...(zone === undefined ? {} : { zone }) };
  const made = await kernel.tenancy.create(
    {
      slug,
      name,
      platform,
      ...place,
      hosts: options.hosts?.split(',') ?? [],
      plugins: kernel.switchboard.foundingPlugins(consents),
    },
    (client, tenantId) =>
      kernel.auth.createOwner(client, tenantId, {
        email,
        displayName: options['owner-name'] ?? email.slice(0, email.indexOf('@')),
        operator: platform,
        ...(password === undefined ? {} : { password }),
      }),
  );
  const [host] = made.hosts;
  const next = password === undefined ? 'Its owner gets in by "forgot password".' : 'Its owner can sign in.';
  return { ...made.facts, host, platform, text: `${name} answers at ${host}. ${next}` };
}
