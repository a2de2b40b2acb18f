// What a render is made of: the clip comes out of storage into a directory of its own, and effects are compiled.
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { CompileError } from '@plinth/sandbox/javascript/compile.ts';
import type { Signing } from '@plinth/sandbox/render/c2pa/signing.ts';
import type { EffectUse } from '@plinth/sandbox/render/effect-use.ts';
import { renderErrors } from '@plinth/sandbox/render/errors.ts';
import type { RenderOptions } from '@plinth/sandbox/render/pipeline.ts';
import { compile } from '@plinth/sandbox/supervisor/compile.ts';
import type { Clock } from '@plinth/sdk';
import type { RenderEffect } from '@plinth/sdk/services/renders.ts';
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
  readonly storage: Pick<StorageApi, 'read' | 'put' | 'stat' | 'delete'>;
  readonly clock: Clock;
  readonly signing: Signing | undefined;
  /** What each render may have of this node: with more than one, long clips are made in parts side by side. */
  readonly cores: number;
  /** In tests: every render is made in so many parts, whoever there is to make them. */
  readonly parts?: number | undefined;
}

export type Asked = Work & { readonly spec: Spec };

/** All that is the same for the whole and for each part of it. */
export async function materialOf(
  { storage, clock }: Pick<PerformDeps, 'storage' | 'clock'>,
  work: Asked,
  bench: Pick<Bench, 'signal' | 'directory'>,
): Promise<RenderOptions> {
  const { signal, directory } = bench;
  const { tenantId, plugin, spec } = work;
  const uses = await Promise.all(spec.effects.map((effect, at) => useOf(effect, partyOf(work, effect, at))));
  const clip = await storage.stat(tenantId, spec.objectId);
  if (clip?.plugin !== plugin) throw errors.clip_missing();
  const effects = await withPictures(storage, work, bench, uses);
  const [input, output] = [join(directory, 'clip'), join(directory, 'result')];
  await pipeline(await storage.read(tenantId, clip.id), createWriteStream(input, { mode: 0o600 }), { signal });
  const { data = {}, seed = 1, size, from, to } = spec;
  return {
    ...{ input, output, inputHash: clip.sha256, made: clock.now(), signal, effects, data, seed },
    ...(size && { size }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

/** Code of one author in one site is one party. Whose author is not told shares with nobody. */
const partyOf = ({ tenantId, plugin }: Asked, { authorId }: RenderEffect, at: number): string =>
  [tenantId, plugin, authorId ?? at].join('/');

/** Pictures are files beside the clip while the render is at work. */
async function withPictures(
  storage: PerformDeps['storage'],
  { tenantId, plugin, spec }: Asked,
  { directory, signal }: Pick<Bench, 'signal' | 'directory'>,
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
