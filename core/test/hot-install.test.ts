import { Agent, get } from 'node:http';
import { json } from 'node:stream/consumers';
import { channel, collection, definePlugin, event, job, type Plugin } from '@plinth/sdk';
import { Ledger } from '@plinth/sdk/services/ledger.ts';
import { Type } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestKernel, type TestKernel, type TestTenant } from '../testing/kernel.ts';

const Said = event('parrot.said@1', Type.Object({ text: Type.String() }));

/** What each version heard and did, and a door that holds a request until it is let go. */
const heard: string[] = [];
let held = Promise.withResolvers<void>();
let arrived = Promise.withResolvers<void>();

interface Kind {
  readonly version: string;
  readonly capabilities?: readonly string[];
  readonly migrations?: URL;
  readonly id?: string;
}

const parrot = ({ version, capabilities = [], migrations, id = 'parrot' }: Kind): Plugin =>
  definePlugin({
    ...{ id, version, kernel: '^1.0.0', title: 'Parrot', summary: 'Says which version it is.' },
    needs: { ledger: Ledger },
    emits: { said: Said },
    jobs: { echo: job(Type.Object({ text: Type.String() })) },
    channels: { perch: channel('perch', Type.Object({})) },
    collections: { words: collection(Type.Object({ text: Type.String() })) },
    capabilities,
    ...(migrations ? { migrations } : {}),
    contributes: (plugin) => [
      plugin.route(
        'GET /version',
        { auth: 'public', summary: 'Which', reply: Type.Object({ version: Type.String() }) },
        async () => ({ version }),
      ),
      plugin.route(
        'GET /slow',
        { auth: 'public', summary: 'Which, when it is let go', reply: Type.Object({ version: Type.String() }) },
        async (ctx) => {
          arrived.resolve();
          await held.promise;
          await ctx.store.words.put('slow', { text: version });
          return { version };
        },
      ),
      plugin.route('GET /say', { auth: 'public', summary: 'Tell it' }, async (ctx) => {
        await ctx.store.transaction(async () => {
          await ctx.emit.said({ text: version });
          await ctx.enqueue.echo({ text: version });
        });
      }),
      plugin.route('GET /money', { auth: 'public', summary: 'Look into the ledger' }, async (ctx) => {
        await ctx.ledger.balances({ account: 'plugin:parrot' });
      }),
      plugin.on(Said, 'hear', async (_ctx, { text }) => void heard.push(`event of ${text} at ${version}`)),
      plugin.job('echo', async (_ctx, { text }) => void heard.push(`job of ${text} at ${version}`)),
      plugin.socket('perch', { auth: 'public' }),
    ],
  });

let kernel: TestKernel;
let site: TestTenant;
let port: number;
const agent = new Agent({ keepAlive: true });

beforeAll(async () => {
  kernel = await createTestKernel({ plugins: [], ownRoles: true });
  site = await kernel.tenant();
  port = (await kernel.kernel.listen()).port;
});
afterAll(async () => {
  agent.destroy();
  await kernel[Symbol.asyncDispose]();
});

/** Over a socket, as a browser would. */
function ask(path: string): Promise<{ status: number; version?: string; code?: string }> {
  const options = { host: '127.0.0.1', port, path: `/api/parrot${path}`, agent, headers: { host: site.host } };
  return new Promise((resolve, reject) =>
    get(options, async (answer) => {
      const status = answer.statusCode ?? 0;
      if (status === 204) return resolve(answer.resume() && { status });
      resolve({ status, ...((await json(answer)) as { version?: string; code?: string }) });
    }).on('error', reject),
  );
}

const install = (kind: Kind) => kernel.kernel.host.install(parrot(kind));
const listed = async () => (await kernel.kernel.switchboard.list(site.id)).find((each) => each.plugin === 'parrot');

async function fresh(kind: Kind) {
  if (kernel.kernel.host.loaded.has('parrot')) await kernel.kernel.host.drop('parrot');
  heard.length = 0;
  held = Promise.withResolvers();
  arrived = Promise.withResolvers();
  await install(kind);
  await kernel.kernel.switchboard.enable(site.id, 'parrot', kind.capabilities ?? []);
}

describe('while requests come in, a plugin', () => {
  test('is installed', async () => {
    expect((await ask('/version')).status).toBe(404);
    await install({ version: '1.0.0' });
    expect((await ask('/version')).status).toBe(404);
    await kernel.kernel.switchboard.enable(site.id, 'parrot', []);
    expect(await ask('/version')).toEqual({ status: 200, version: '1.0.0' });
  });

  test('is upgraded: what the old version began it finishes, the rest meets the new one, none fails', async () => {
    await fresh({ version: '1.0.0' });
    const slow = ask('/slow');
    await arrived.promise;
    const answers: { status: number; version?: string }[] = [];
    let asking = true;
    const asker = async () => {
      while (asking) answers.push(await ask('/version'));
    };
    const askers = Array.from({ length: 4 }, asker);
    const upgrade = install({ version: '2.0.0' });
    await expect.poll(() => answers.at(-1)?.version).toBe('2.0.0');
    held.resolve();
    expect(await slow).toEqual({ status: 200, version: '1.0.0' });
    await upgrade;
    asking = false;
    await Promise.all(askers);
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    const versions = answers.map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set(['1.0.0', '2.0.0']));
    expect(await ask('/version')).toEqual({ status: 200, version: '2.0.0' });
  });

  test('is upgraded: events and jobs that were waiting are done by the new version, once', async () => {
    await fresh({ version: '1.0.0' });
    await ask('/say');
    await kernel.settle();
    await kernel.kernel.jobs.remove('parrot');
    await kernel.kernel.events.unsubscribe('parrot');
    await ask('/say');
    await install({ version: '2.0.0' });
    await ask('/say');
    await kernel.settle();
    expect([...heard].sort()).toEqual([
      'event of 1.0.0 at 1.0.0',
      'event of 1.0.0 at 2.0.0',
      'event of 2.0.0 at 2.0.0',
      'job of 1.0.0 at 1.0.0',
      'job of 1.0.0 at 2.0.0',
      'job of 2.0.0 at 2.0.0',
    ]);
  });

  test('that wants more than before is off until the site agrees again', async () => {
    await fresh({ version: '1.0.0' });
    expect(await ask('/money')).toMatchObject({ status: 403, code: 'kernel.capability_missing' });
    await install({ version: '1.1.0', capabilities: ['ledger:read'] });
    expect((await ask('/version')).status).toBe(404);
    expect(await listed()).toMatchObject({ state: 'needs-consent', wanted: ['ledger:read'], granted: [] });
    await expect(kernel.kernel.switchboard.enable(site.id, 'parrot', [])).rejects.toMatchObject({
      code: 'kernel.consent_missing',
    });
    await kernel.kernel.switchboard.enable(site.id, 'parrot', ['ledger:read']);
    expect(await ask('/version')).toEqual({ status: 200, version: '1.1.0' });
    expect((await ask('/money')).status).toBe(204);
    expect(await listed()).toMatchObject({ state: 'enabled', granted: ['ledger:read'] });
  });

  test('that wants less than before stays on', async () => {
    await fresh({ version: '1.0.0', capabilities: ['ledger:read'] });
    await install({ version: '1.1.0' });
    expect(await ask('/version')).toEqual({ status: 200, version: '1.1.0' });
    expect((await ask('/money')).status).toBe(403);
  });

  test.each<[string, Kind]>([
    ['is no sound definition', { version: 'two' }],
    ['has a migration that fails', { version: '2.0.0', migrations: new URL('./broken-migrations/', import.meta.url) }],
  ])('goes on in its old version when the new one %s', async (_what, kind) => {
    await fresh({ version: '1.0.0' });
    await expect(install(kind)).rejects.toThrow(/parrot/);
    expect(await ask('/version')).toEqual({ status: 200, version: '1.0.0' });
    await ask('/say');
    await kernel.settle();
    expect(heard).toHaveLength(2);
    expect(kernel.kernel.host.quarantined.has('parrot')).toBe(false);
  });

  test('is removed: it answers 404, hears nothing, and its jobs and channels are free', async () => {
    await fresh({ version: '1.0.0' });
    const slow = ask('/slow');
    await arrived.promise;
    const removal = kernel.kernel.host.remove('parrot');
    expect((await ask('/version')).status).toBe(404);
    held.resolve();
    expect(await slow).toEqual({ status: 200, version: '1.0.0' });
    await removal;
    const { runtime } = kernel.kernel;
    expect(runtime.loaded.has('parrot')).toBe(false);
    await install({ version: '2.0.0' });
    expect(await ask('/version')).toEqual({ status: 200, version: '2.0.0' });
  });

  test('is not joined by another that takes what is its own', async () => {
    await fresh({ version: '1.0.0' });
    await expect(install({ version: '1.0.0', id: 'cockatoo' })).rejects.toThrow(/cockatoo/);
    expect([...kernel.kernel.host.loaded.keys()]).toEqual(['parrot']);
  });
});
