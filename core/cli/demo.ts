import type { Kernel } from '../kernel.ts';

/** Shown on the screen of whoever starts Plinth for the first time; made in development only. */
export const DEMO_PASSWORD = 'plinth demo password';

export const DEMO_LOGINS = [
  { email: 'owner@demo.example', role: 'runs the demo site' },
  { email: 'creator@demo.example', role: 'makes things there' },
  { email: 'fan@demo.example', role: 'watches and tips' },
] as const;

export const OPERATOR = 'operator@platform.example';

/** The first start makes two sites: the platform's own, and a demo with every plugin on. Later starts find them. */
export async function ensureDemo({ tenancy, auth, switchboard, host }: Kernel, platformHost: string): Promise<void> {
  const known = await tenancy.list();
  if (!known.some((each) => each.platform)) {
    const { facts } = await tenancy.create({ slug: 'platform', name: 'Plinth platform', platform: true });
    await auth.createAccount(facts.id, {
      email: OPERATOR,
      password: DEMO_PASSWORD,
      displayName: 'Operator',
      roles: ['owner'],
      verified: true,
      operator: true,
    });
  }
  if (!known.some((each) => each.facts.slug === 'demo')) {
    const { facts } = await tenancy.create({ slug: 'demo', name: 'Demo site', hosts: [platformHost, '127.0.0.1'] });
    for (const { email } of DEMO_LOGINS) {
      const name = email.slice(0, email.indexOf('@'));
      await auth.createAccount(facts.id, {
        email,
        password: DEMO_PASSWORD,
        displayName: name.charAt(0).toUpperCase() + name.slice(1),
        roles: name === 'owner' ? ['owner'] : ['member'],
        verified: true,
      });
    }
  }
  for (const { facts, plugins } of await tenancy.list()) {
    for (const { id, capabilities } of host.loaded.values()) {
      const wanted = facts.slug === 'demo' || (facts.slug === 'platform' && id === 'tenants');
      if (wanted && !plugins.has(id)) await switchboard.enable(facts.id, id, [...capabilities]);
    }
  }
}
