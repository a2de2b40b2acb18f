// How far a job is, as a page sees it.
import { definePlugin, job } from '@plinth/sdk';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { createTestKernel } from '../testing/kernel.ts';
import { Page } from '../testing/page.ts';

const oven = definePlugin({
  id: 'oven',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Oven',
  summary: 'Bakes slowly.',
  jobs: { bake: job(Type.Object({ loaves: Type.Integer() })) },
  contributes: (plugin) => [
    plugin.route(
      'POST /bread',
      { auth: 'user', reply: Type.Object({ runId: Type.String() }), status: 202 },
      async (ctx) => ctx.enqueue.bake({ loaves: 2 }, { delay: '1h' }),
    ),
    plugin.job('bake', async (ctx, { loaves }) => {
      await ctx.progress(0.5, `${loaves} loaves are in`);
    }),
  ],
});

test('whoever started a job hears how far it is, and nobody else does', async () => {
  await using kernel = await createTestKernel({ plugins: [oven] });
  const site = await kernel.tenant();
  const [eve, tom] = [await site.person(), await site.person()];
  const { port } = await kernel.kernel.listen();
  const { body } = await eve.post<{ runId: string }>('/api/oven/bread');
  const open = (token: string | undefined) =>
    new Page(port, site.host.replace('.localhost', ''), ['plinth.v1', `bearer.${token}`]);
  const [hers, his] = [open(eve.token), open(tom.token)];
  const name = `kernel/jobs/${body.runId}`;
  expect(await hers.ask({ type: 'join', channel: name })).toMatchObject({ type: 'joined' });
  expect(await his.ask({ type: 'join', channel: name })).toMatchObject({ type: 'error' });
  await kernel.advance('1h');
  const told = (state: string) => hers.hears('event', ({ event }) => (event as { state: string }).state === state);
  expect(await told('running')).toMatchObject({ event: { progress: 0.5, note: '2 loaves are in' } });
  expect(await told('done')).toMatchObject({ event: { progress: 1 } });
  expect(his.told.filter(({ type }) => type === 'event')).toEqual([]);
  for (const page of [hers, his]) page.socket.terminate();
});
