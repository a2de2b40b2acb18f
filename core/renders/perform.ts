// How one render is done: the clip comes out of storage into a directory of its own, and what is made of it goes back.
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CompileError } from '@plinth/sandbox/javascript/compile.ts';
import { signer } from '@plinth/sandbox/render/c2pa/sign.ts';
import type { Signing } from '@plinth/sandbox/render/c2pa/signing.ts';
import type { EffectUse } from '@plinth/sandbox/render/effect-use.ts';
import { renderErrors } from '@plinth/sandbox/render/errors.ts';
import { rateOf } from '@plinth/sandbox/render/fraction.ts';
import type { Rendered, RenderOptions } from '@plinth/sandbox/render/pipeline.ts';
import { probe } from '@plinth/sandbox/render/probe.ts';
import { renderFrame } from '@plinth/sandbox/render/render-frame.ts';
import { renderInSegments } from '@plinth/sandbox/render/render-in-segments.ts';
import { windowOf } from '@plinth/sandbox/render/window.ts';
import { compile } from '@plinth/sandbox/supervisor/compile.ts';
import type { Clock } from '@plinth/sdk';
import type { RenderEffect, RenderResult } from '@plinth/sdk/services/renders.ts';
import type { StorageApi } from '../storage/storage.ts';
import type { Work } from '../work/item.ts';
import type { Bench } from '../work/kind.ts';
import { errors } from './errors.ts';

/** What was asked for, as the queue keeps it. */
export interface Spec {
  readonly effects: readonly RenderEffect[];
  readonly objectId: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly seed?: number;
  readonly from?: number;
  readonly to?: number;
  readonly at?: number;
  readonly size?: { readonly width: number; readonly height: number };
  readonly name?: string;
  readonly purpose?: string;
  readonly keepSeconds?: number;
}

export interface PerformDeps {
  readonly storage: Pick<StorageApi, 'read' | 'put' | 'stat'>;
  readonly clock: Clock;
  readonly signing: Signing | undefined;
  /** What each render may have of this node: with more than one, long clips are made in parts side by side. */
  readonly cores: number;
}

/** A result that nobody settles, because its node died just then, removes itself after so long. */
const UNSETTLED_MS = 3_600_000;

type Asked = Work & { readonly spec: Spec };

export async function perform(
  { storage, clock, signing, cores }: PerformDeps,
  work: Asked,
  bench: Bench,
): Promise<RenderResult> {
  const { tenantId, plugin, accountId, spec } = work;
  const { signal, directory } = bench;
  // Whatever keeps results from being signed is said before hours are spent on one.
  const sign = signing && (await signer(signing));
  const effects = await Promise.all(spec.effects.map((effect, at) => useOf(effect, partyOf(work, effect, at))));
  const clip = await storage.stat(tenantId, spec.objectId);
  if (clip?.plugin !== plugin) throw errors.clip_missing();
  const uses = await withPictures(storage, work, bench, effects);
  const [input, output] = [join(directory, 'clip'), join(directory, 'result')];
  await pipeline(await storage.read(tenantId, clip.id), createWriteStream(input, { mode: 0o600 }), { signal });
  if (spec.at === undefined) await bench.spend(await lengthOf(input, spec, signal));

  const { data = {}, seed = 1, size } = spec;
  const files = { input, output, inputHash: clip.sha256, made: clock.now(), signal };
  const rendered = await rendering(
    { ...files, effects: uses, data, seed, ...(size && { size }), ...(sign && { sign }) },
    spec,
    bench,
    cores,
  );
  const object = await storage.put(tenantId, createReadStream(output, { signal }), {
    ...{ plugin, accountId, purpose: spec.purpose, name: spec.name, visibility: 'private' },
    keepUntil: new Date(clock.now().getTime() + UNSETTLED_MS),
  });
  const { id: objectId, type, bytes, sha256 } = object;
  const expiresAt = spec.keepSeconds && new Date(clock.now().getTime() + spec.keepSeconds * 1000).toISOString();
  return { ...factsOf(rendered), objectId, type, bytes, sha256, ...(expiresAt && { expiresAt }) };
}

function rendering(options: RenderOptions, { from, to, at }: Spec, bench: Bench, cores: number): Promise<Rendered> {
  if (at !== undefined) return renderFrame({ ...options, at });
  return renderInSegments({
    ...{ ...options, cores },
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    onProgress: ({ frame, frames, fps, secondsLeft }) =>
      // It is whole only when it is stored.
      bench.progress({ fraction: Math.min(0.99, frame / frames), fps, secondsLeft }),
  });
}

/** Seconds that will be made. */
async function lengthOf(input: string, { from, to }: Spec, signal: AbortSignal): Promise<number> {
  const clip = await probe(input, { signal });
  return windowOf(clip, from, to).frames / rateOf(clip.fps);
}

function factsOf({ width, height, frames, fps, why, provenance }: Rendered) {
  return { width, height, frames, fps, seconds: frames / fps, why, provenance };
}

/** Code of one author in one site is one party. Whose author is not told shares with nobody. */
const partyOf = ({ tenantId, plugin }: Asked, { authorId }: RenderEffect, at: number): string =>
  [tenantId, plugin, authorId ?? at].join('/');

/** Pictures are files beside the clip while the render is at work. */
async function withPictures(
  storage: PerformDeps['storage'],
  { tenantId, plugin, spec }: Asked,
  { directory, signal }: Bench,
  effects: readonly EffectUse[],
): Promise<readonly EffectUse[]> {
  const fetched = async (param: string, objectId: string, at: number) => {
    const object = await storage.stat(tenantId, objectId);
    if (object?.plugin !== plugin) throw errors.picture_missing({ detail: `It is that of the param "${param}".` });
    const file = join(directory, `picture-${at}-${objectId}`);
    await pipeline(await storage.read(tenantId, object.id), createWriteStream(file, { mode: 0o600 }), { signal });
    return [param, file] as const;
  };
  return Promise.all(
    effects.map(async (use, at) => {
      const asked = Object.entries(spec.effects[at]?.images ?? {});
      const images = await Promise.all(asked.map(([param, objectId]) => fetched(param, objectId, at)));
      return images.length === 0 ? use : { ...use, images: Object.fromEntries(images) };
    }),
  );
}

async function useOf(effect: RenderEffect, party: string): Promise<EffectUse> {
  const { params, seed, id, version } = effect;
  return {
    ...{ compiled: await compiled(effect), party },
    ...(params && { params }),
    ...(seed === undefined ? {} : { seed }),
    ...(id === undefined ? {} : { id }),
    ...(version === undefined ? {} : { version }),
  };
}

/** What cannot be read is told as what fails is: by its place in the creator's file. */
export async function compiled({ file, text }: RenderEffect): Promise<EffectUse['compiled']> {
  try {
    return await compile(file, text);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const { message, place } = error;
    throw renderErrors.effect_failed({ detail: message, error: { code: 'sandbox.syntax', message, file, ...place } });
  }
}
