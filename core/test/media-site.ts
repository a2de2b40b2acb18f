// A plugin that has files transcoded and analysed, and files that people might upload to it.
import { execFileSync } from 'node:child_process';
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { collection, definePlugin } from '@plinth/sdk';
import { Media, MediaFailed, MediaFinished, MediaPlayable, MediaWork } from '@plinth/sdk/services/media.ts';
import type { Recipe } from '@plinth/sdk/services/media-recipes.ts';
import { Type } from 'typebox';
import { temporaryDirectory } from '../testing/directory.ts';
import type { TestKernel, TestPerson, TestTenant } from '../testing/kernel.ts';

const Body = Type.Record(Type.String(), Type.Unknown());

/** Passes on what people ask for, and keeps what it is told. */
export const darkroom = (id = 'darkroom') =>
  definePlugin({
    id,
    version: '1.0.0',
    kernel: '^1.0.0',
    title: 'Darkroom',
    summary: 'Makes things of films.',
    needs: { media: Media },
    capabilities: ['media:read', 'media:transcode'],
    collections: { told: collection(Type.Object({ event: Type.Unknown() })) },
    contributes: (plugin) => [
      plugin.route('POST /transcodes', { auth: 'user', body: Body, reply: MediaWork }, async (ctx, { body }) =>
        ctx.media.transcode(body as never),
      ),
      plugin.route('POST /analyses', { auth: 'user', body: Body, reply: MediaWork }, async (ctx, { body }) =>
        ctx.media.analyse(body as never),
      ),
      plugin.route('GET /facts/:objectId', { auth: 'user', reply: Type.Unknown() }, async (ctx, { params }) =>
        ctx.media.probe(params),
      ),
      plugin.route('GET /media/:mediaId', { auth: 'user', reply: MediaWork }, async (ctx, { params }) =>
        ctx.media.status(params),
      ),
      plugin.route('GET /media', { auth: 'user', reply: Type.Object({ items: Type.Array(MediaWork) }) }, async (ctx) =>
        ctx.media.list({}),
      ),
      plugin.route('POST /media/:mediaId/cancel', { auth: 'user', reply: MediaWork }, async (ctx, { params }) =>
        ctx.media.cancel(params),
      ),
      plugin.route(
        'POST /media/:mediaId/link',
        { auth: 'user', body: Body, reply: Type.Unknown() },
        async (ctx, { params, body }) => ctx.media.link({ ...params, ...body }),
      ),
      plugin.route('DELETE /media/:mediaId', { auth: 'user', reply: Type.Unknown() }, async (ctx, { params }) =>
        ctx.media.remove(params),
      ),
      plugin.route('GET /told/:mediaId', { auth: 'user', reply: Type.Unknown() }, async (ctx, { params }) => {
        const kinds = ['playable', 'finished', 'failed'].map((kind) => ctx.store.told.get(`${kind} ${params.mediaId}`));
        return (await Promise.all(kinds)).map((told) => told?.value);
      }),
      plugin.on(MediaPlayable, 'hear-playable', async (ctx, event) => {
        await ctx.store.told.put(`playable ${event.mediaId}`, { event });
      }),
      plugin.on(MediaFinished, 'hear-finished', async (ctx, event) => {
        await ctx.store.told.put(`finished ${event.mediaId}`, { event });
      }),
      plugin.on(MediaFailed, 'hear-failed', async (ctx, event) => {
        await ctx.store.told.put(`failed ${event.mediaId}`, { event });
      }),
    ],
  });

const directory = temporaryDirectory('media');
let made = 0;

/** A film of so many seconds, with a tone. */
export function aFilm(seconds = 1, size = '192x108'): string {
  const file = join(directory, `film-${++made}.mp4`);
  const pictures = ['-f', 'lavfi', '-i', `testsrc2=s=${size}:r=25:d=${seconds}`];
  const tone = ['-f', 'lavfi', '-i', `sine=f=440:r=48000:d=${seconds}`];
  const encoded = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...pictures, ...tone, ...encoded, file]);
  return file;
}

/** Somebody's upload was cut off in the middle. */
export function aTornFilm(): string {
  const file = aFilm();
  const bytes = readFileSync(file);
  writeFileSync(file, bytes.subarray(0, bytes.length / 2));
  return file;
}

/** An image to be burnt in: all of it magenta. */
export function aMark(): string {
  const file = join(directory, `mark-${++made}.png`);
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', 'color=magenta:s=32x32', '-frames:v', '1', file]);
  return file;
}

/** Red, green and blue of the first frame. */
export function pixelOf(video: Buffer, x: number, y: number): number[] {
  const file = join(directory, `look-${++made}.mp4`);
  writeFileSync(file, video);
  const crop = `format=rgb24,crop=1:1:${x}:${y}`;
  const args = ['-v', 'error', '-i', file, '-frames:v', '1', '-vf', crop, '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'];
  return [...execFileSync('ffmpeg', args)];
}

export async function anObject(kernel: TestKernel, site: TestTenant, file: string, plugin = 'darkroom') {
  return (await kernel.kernel.storage.put(site.id, createReadStream(file), { plugin })).id;
}

export async function aText(kernel: TestKernel, site: TestTenant, text: string, plugin = 'darkroom') {
  return (await kernel.kernel.storage.put(site.id, Readable.from([Buffer.from(text)]), { plugin })).id;
}

export async function transcode(person: TestPerson, objectId: string, recipe: Recipe, more: object = {}) {
  const { status, body } = await person.post<MediaWork>('/api/darkroom/transcodes', { objectId, recipe, ...more });
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}
