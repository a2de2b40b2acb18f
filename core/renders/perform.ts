// How one render is done: its clip comes out of storage, and what is made of it goes back.
import { createReadStream } from 'node:fs';
import { signer } from '@plinth/sandbox/render/c2pa/sign.ts';
import { rateOf } from '@plinth/sandbox/render/fraction.ts';
import type { Rendered, RenderOptions } from '@plinth/sandbox/render/pipeline.ts';
import { probe } from '@plinth/sandbox/render/probe.ts';
import { renderFrame } from '@plinth/sandbox/render/render-frame.ts';
import { renderInSegments } from '@plinth/sandbox/render/render-in-segments.ts';
import { windowOf } from '@plinth/sandbox/render/window.ts';
import type { RenderResult } from '@plinth/sdk/services/renders.ts';
import type { Bench } from '../work/kind.ts';
import { type Asked, materialOf, type PerformDeps } from './material.ts';
import { partsBefore, partsByOthers } from './parts.ts';

/** A result that nobody settles, because its node died just then, removes itself after so long. */
const UNSETTLED_MS = 3_600_000;

export async function perform(deps: PerformDeps, work: Asked, bench: Bench): Promise<RenderResult> {
  const { storage, clock, signing } = deps;
  const { tenantId, plugin, accountId, spec } = work;
  const { signal } = bench;
  // Whatever keeps results from being signed is said before hours are spent on one.
  const sign = signing && (await signer(signing));
  const material = await materialOf(deps, work, bench);
  if (spec.at === undefined) await bench.spend(await lengthOf(material));
  const rendered = await rendering(deps, { ...material, ...(sign && { sign }) }, work, bench);
  const object = await storage.put(tenantId, createReadStream(material.output, { signal }), {
    ...{ plugin, accountId, purpose: spec.purpose, name: spec.name, visibility: 'private' },
    keepUntil: new Date(clock.now().getTime() + UNSETTLED_MS),
  });
  const { id: objectId, type, bytes, sha256 } = object;
  const expiresAt = spec.keepSeconds && new Date(clock.now().getTime() + spec.keepSeconds * 1000).toISOString();
  return { ...factsOf(rendered), objectId, type, bytes, sha256, ...(expiresAt && { expiresAt }) };
}

async function rendering(deps: PerformDeps, options: RenderOptions, work: Asked, bench: Bench): Promise<Rendered> {
  const { at } = work.spec;
  if (at !== undefined) return renderFrame({ ...options, at });
  const [slots, before] = [await bench.help.slots(), await partsBefore(bench)];
  const segments = before ?? deps.parts;
  // Where this slot has as many cores for itself, nothing need go from node to node.
  const elsewhere = segments !== undefined || slots > deps.cores;
  return renderInSegments({
    ...{ ...options, cores: Math.max(deps.cores, slots) },
    ...(segments === undefined ? {} : { segments }),
    ...(elsewhere && { makeParts: partsByOthers(deps, work, bench) }),
    onProgress: ({ frame, frames, fps, secondsLeft }) =>
      // It is whole only when it is stored.
      bench.progress({ fraction: Math.min(0.99, frame / frames), fps, secondsLeft }),
  });
}

/** Seconds that will be made. */
async function lengthOf({ input, from, to, signal }: RenderOptions): Promise<number> {
  const clip = await probe(input, signal ? { signal } : {});
  return windowOf(clip, from, to).frames / rateOf(clip.fps);
}

function factsOf({ width, height, frames, fps, why, provenance }: Rendered) {
  return { width, height, frames, fps, seconds: frames / fps, why, provenance };
}
