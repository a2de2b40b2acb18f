// A plugin that has clips rendered, and a site with somebody in it who asks for that.
import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { collection, type DocumentStore, definePlugin } from '@plinth/sdk';
import { Render, RenderEffect, RenderFailed, RenderFinished, Renders } from '@plinth/sdk/services/renders.ts';
import { Type } from 'typebox';
import { temporaryDirectory } from '../testing/directory.ts';
import type { TestKernel, TestPerson, TestTenant } from '../testing/kernel.ts';

const Ask = Type.Object({
  effects: Type.Array(RenderEffect),
  objectId: Type.String(),
  more: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});

/** Passes on what people ask for, and keeps what it is told. */
export const filmLab = (id = 'film-lab') =>
  definePlugin({
    id,
    version: '1.0.0',
    kernel: '^1.0.0',
    title: 'Film lab',
    summary: 'Puts effects over clips.',
    needs: { renders: Renders },
    capabilities: ['renders:submit', 'renders:read'],
    collections: { told: collection(Type.Object({ event: Type.Unknown(), by: Type.Unknown() })) },
    contributes: (plugin) => [
      plugin.route(
        'POST /renders',
        { auth: 'user', body: Ask, reply: Render },
        async (ctx, { body: { more = {}, ...asked } }) => ctx.renders.submit({ ...asked, ...more }),
      ),
      plugin.route('GET /renders/:renderId', { auth: 'user', reply: Render }, async (ctx, { params }) =>
        ctx.renders.status(params),
      ),
      plugin.route('GET /renders', { auth: 'user', reply: Type.Object({ items: Type.Array(Render) }) }, async (ctx) =>
        ctx.renders.list({}),
      ),
      plugin.route('POST /renders/:renderId/cancel', { auth: 'user', reply: Render }, async (ctx, { params }) =>
        ctx.renders.cancel(params),
      ),
      plugin.route('POST /checks', { auth: 'user', body: RenderEffect, reply: Type.Unknown() }, async (ctx, { body }) =>
        ctx.renders.check({ effect: body }),
      ),
      plugin.on(RenderFinished, 'hear-finished', async (ctx, event) => {
        await ctx.store.told.put(event.renderId, { event, by: ctx.actor });
      }),
      plugin.on(RenderFailed, 'hear-failed', async (ctx, event) => {
        await ctx.store.told.put(event.renderId, { event, by: ctx.actor });
      }),
    ],
  });

/** A red square in the corner. */
export const SQUARE = {
  file: 'square.ts',
  text: `import { effect } from '@plinth/sdk/effect';
export default effect({ title: 'Square', frame({ canvas }) { canvas.rect(0, 0, 16, 16, { fill: '#f00' }); } });`,
};

/** Touches every pixel, slowly enough to be met at work. */
export const SLOW = {
  file: 'slow.ts',
  text: `import { effect } from '@plinth/sdk/effect';
export default effect({ title: 'Slow', frame({ pixels }) {
  for (let turn = 0, sum = 0; turn < 4e6; turn++) { sum += turn; pixels.data[0] = sum & 255; }
} });`,
};

export const FAILING = {
  file: 'failing.ts',
  text: `import { effect } from '@plinth/sdk/effect';

export default effect({
  title: 'Failing',
  frame({ index }) {
    if (index === 3) throw new Error('no third frame');
  },
});`,
};

const directory = temporaryDirectory('renders');
let made = 0;

interface ClipAsked {
  readonly plugin?: string;
  readonly seconds?: number;
  readonly sound?: boolean;
}

/** A clip among the objects of a plugin. */
export async function aClip(
  { kernel }: TestKernel,
  site: TestTenant,
  { plugin = 'film-lab', seconds = 1, sound = false }: ClipAsked = {},
): Promise<string> {
  const file = join(directory, `clip-${++made}.mp4`);
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=64x48:r=25:d=${seconds}`, '-pix_fmt', 'yuv420p'];
  const tone = sound ? ['-f', 'lavfi', '-i', `sine=d=${seconds}`] : [];
  execFileSync('ffmpeg', [
    '-v',
    'error',
    '-y',
    ...pictures.slice(0, 4),
    ...tone,
    ...pictures.slice(4),
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    file,
  ]);
  return (await kernel.storage.put(site.id, createReadStream(file), { plugin })).id;
}

export async function submit(person: TestPerson, asked: object, plugin = 'film-lab'): Promise<Render> {
  const { status, body } = await person.post<Render>(`/api/${plugin}/renders`, asked);
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

interface Told {
  readonly event: unknown;
  readonly by: unknown;
}

/** The event about a render that the plugin was told of, and in whose name. */
export async function toldTo(site: TestTenant, renderId: string, plugin = 'film-lab') {
  const ctx = await site.ctx<{ store: { told: DocumentStore<Told, never> } }>(plugin);
  return (await ctx.store.told.get(renderId))?.value;
}
