// A node in a process of its own, for tests that end it badly. It prints one line of JSON: the port it listens on and,
// when it is asked to found a site, that site and the tokens of its people. SIGTERM stops it.
// Usage: node bad-node.ts '{ "dataDir": "…", "owner": { … }, "people": 8 }'; without an owner it has its own database.
import type pg from 'pg';
import tipJar from '../../examples/tip-jar/plugin.ts';
import { askedToStop } from '../cli/stop-signal.ts';
import { loadConfig } from '../config.ts';
import { databaseRoles } from '../database/roles.ts';
import { type Kernel, startKernel } from '../kernel.ts';
import { ask } from './caller.ts';

export interface BadNode {
  readonly dataDir: string;
  readonly owner?: { readonly host: string; readonly user: string; readonly database: string };
  /** Founds the site, with so many people. */
  readonly people?: number;
}

export interface Founded {
  readonly port: number;
  readonly tenantId: string;
  readonly tokens: readonly string[];
}

const PASSWORD = 'correct horse battery';

async function found({ tenancy, switchboard, auth, host }: Kernel, port: number, people: number) {
  const { facts } = await tenancy.create({ slug: 'site', name: 'Site' });
  await switchboard.enable(facts.id, 'tip-jar', [...(host.loaded.get('tip-jar')?.capabilities ?? [])]);
  await switchboard.configure(facts.id, 'tip-jar', { welcomePoints: 1_000_000_000, mostPerTip: 50 });
  const tokens: string[] = [];
  for (let index = 0; index < people; index++) {
    const email = `person-${index}@example.org`;
    await auth.createAccount(facts.id, {
      email,
      password: PASSWORD,
      displayName: 'Somebody',
      verified: true,
      roles: [],
    });
    tokens.push(await signIn(port, email));
  }
  return { tenantId: facts.id, tokens };
}

async function signIn(port: number, email: string): Promise<string> {
  const { body } = await ask({ port }, 'POST /api/kernel/auth/sessions', { email, password: PASSWORD });
  return String(body.accessToken);
}

async function run({ dataDir, owner, people }: BadNode): Promise<void> {
  const stopping = askedToStop();
  const config = loadConfig(
    { PLINTH_MODE: 'test', PLINTH_SECRET: 'a secret that all nodes of a test know', PLINTH_LOG_LEVEL: 'error' },
    { dataDir, port: 0, publicUrl: 'http://*' },
  );
  const kernel = await startKernel(config, {
    plugins: [tipJar],
    limits: { readsPerMinute: 1e6, writesPerMinute: 1e6 },
    ...(owner ? { connections: connectionsTo(owner) } : {}),
  });
  const { port } = await kernel.listen();
  const site = people === undefined ? {} : await found(kernel, port, people);
  process.stdout.write(`${JSON.stringify({ port, ...site })}\n`);
  await stopping;
  await kernel.stop();
}

function connectionsTo(owner: pg.ClientConfig & { readonly database: string }) {
  const roles = databaseRoles(`plinth_${owner.database}`);
  return { owner, app: { ...owner, user: roles.app }, roles, appPassword: undefined, stop: async () => {} };
}

await run(JSON.parse(process.argv[2] ?? '{}') as BadNode);
