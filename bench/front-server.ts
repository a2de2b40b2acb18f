// One of the two servers that `bench/front.ts` compares, in a process of its own so that its CPU can be told apart.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin } from '@plinth/sdk';
import Fastify from 'fastify';
import { Type } from 'typebox';
import { loadConfig } from '../core/config.ts';
import { startKernel } from '../core/kernel.ts';
import { SILENT } from '../core/telemetry/log.ts';

const Reply = Type.Object({
  items: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), points: Type.Integer() })),
  limit: Type.Integer(),
});
const reply = {
  items: Array.from({ length: 5 }, (_, index) => ({
    id: `item-${index}`,
    title: `The title of item ${index}`,
    points: index,
  })),
  limit: 5,
};

const nop = definePlugin({
  id: 'nop',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Nop',
  summary: 'Answers and does nothing else: what the kernel itself costs.',
  contributes: (plugin) => [
    plugin.route(
      'GET /items',
      { auth: 'user', query: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 100 }) }), reply: Reply },
      async (ctx, { query }) => ({ ...reply, limit: ctx.actor.accountId ? query.limit : 0 }),
    ),
  ],
});

async function bare(): Promise<{ port: number; token: string }> {
  const app = Fastify({ logger: false });
  app.get('/api/nop/items', { schema: { response: { 200: Reply } } }, async () => reply);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const address = app.server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    token: 'not looked at, but as long as a real one is',
  };
}

async function kernel(): Promise<{ port: number; token: string }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'plinth-bench-'));
  const config = loadConfig({ PLINTH_MODE: 'production' }, { dataDir, port: 0 });
  const running = await startKernel(config, {
    plugins: [nop],
    log: SILENT,
    limits: { readsPerMinute: 1e9, writesPerMinute: 1e9 },
  });
  const { port } = await running.listen();
  const { facts } = await running.tenancy.create({ slug: 'bench', name: 'Bench' });
  await running.switchboard.enable(facts.id, 'nop', []);
  const password = 'a password for the bench';
  await running.auth.createAccount(facts.id, {
    email: 'bench@example.org',
    password,
    displayName: 'Bench',
    verified: true,
  });
  const answer = await signIn(port, password);
  process.once('SIGTERM', async () => {
    await running.stop();
    rmSync(dataDir, { recursive: true });
    process.exit(0);
  });
  return { port, token: answer };
}

async function signIn(port: number, password: string): Promise<string> {
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const call = request(
      {
        port,
        host: '127.0.0.1',
        method: 'POST',
        path: '/api/kernel/auth/sessions',
        headers: { host: 'bench.localhost', 'content-type': 'application/json' },
      },
      (response) => {
        let body = '';
        response
          .on('data', (chunk) => (body += chunk))
          .on('end', () => resolve((JSON.parse(body) as { accessToken: string }).accessToken));
      },
    );
    call.on('error', reject).end(JSON.stringify({ email: 'bench@example.org', password }));
  });
}

const made = await (process.argv[2] === 'kernel' ? kernel() : bare());
process.on('message', () => process.send?.({ cpu: process.cpuUsage() }));
process.send?.(made);
