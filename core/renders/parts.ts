// A long render in parts that other slots and nodes make meanwhile. Whoever does the render does not wait for their turn:
// what nobody has begun when it comes to it, it makes itself.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { MakeParts, PartsWanted } from '@plinth/sandbox/render/parts-elsewhere.ts';
import { render } from '@plinth/sandbox/render/pipeline.ts';
import type { Seen } from '@plinth/sandbox/render/protocol.ts';
import type { Span } from '@plinth/sandbox/render/window.ts';
import { isOver, problemOf, type Work } from '../work/item.ts';
import type { Bench } from '../work/kind.ts';
import { LONGEST_MS } from '../work/quotas.ts';
import { type Asked, materialOf, type PerformDeps, type Spec } from './material.ts';

export const PART = 'renders.part';
/** Whose the parts are until they are joined: no plugin sees them among its own. */
const KERNEL = 'kernel';
/** What nobody joins and nobody removes goes by itself: later than the longest render could ask for it. */
const UNJOINED_MS = 2 * LONGEST_MS;

export interface PartSpec extends Spec {
  readonly part: Span & { readonly seen: readonly Seen[] };
}

export interface PartResult {
  readonly objectId: string;
}

/** One part, as whoever helps makes it. */
export async function performPart(
  deps: PerformDeps,
  work: Work & { readonly spec: PartSpec },
  bench: Bench,
): Promise<PartResult> {
  const { storage, clock } = deps;
  const { seen, ...span } = work.spec.part;
  const material = await materialOf(deps, work, bench);
  await render({
    ...{ ...material, span, part: { agree: async () => seen } },
    onProgress: ({ frame, frames, fps, secondsLeft }) => bench.progress({ fraction: frame / frames, fps, secondsLeft }),
  });
  const { id: objectId } = await storage.put(work.tenantId, createReadStream(material.output), {
    ...{ plugin: KERNEL, purpose: PART, visibility: 'private' },
    keepUntil: new Date(clock.now().getTime() + UNJOINED_MS),
  });
  return { objectId };
}

const keyOf = ({ workId }: Work, at: number, of: number): string => `${workId}/${at}/${of}`;
const placeIn = ({ key = '' }: Work) => key.split('/').slice(1).map(Number);

/** How many parts a start before this one went for: what was made of them can be used. */
export async function partsBefore({ help }: Bench): Promise<number | undefined> {
  const [first] = await help.parts();
  return first && placeIn(first)[1];
}

export function partsByOthers({ storage }: PerformDeps, work: Asked, { help }: Bench): MakeParts {
  /** The latest of each: of one that was taken back, or lost, there may be another. */
  const standing = async () => new Map((await help.parts()).map((part) => [placeIn(part)[0] ?? 0, part]));

  async function fetched(part: Work, file: string, signal: AbortSignal): Promise<boolean> {
    try {
      const { objectId } = part.result as PartResult;
      await pipeline(await storage.read(work.tenantId, objectId), createWriteStream(file, { mode: 0o600 }), { signal });
      return true;
    } catch {
      // Whatever keeps us from having it, it can be made here.
      signal.throwIfAborted();
      return false;
    }
  }

  /** Told until all is over: how far others are, and what they failed with. */
  async function follow({ segments, report }: PartsWanted, signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; ) {
      const rung = help.rung();
      for (const [at, { state, error, progress, fps = 0, secondsLeft = 0 }] of await standing()) {
        if (state === 'failed' && error) throw problemOf(error);
        const { frames = 0 } = segments[at] ?? {};
        if (state === 'running') report(at, { frame: Math.floor(progress * frames), frames, fps, secondsLeft });
      }
      await rung;
    }
  }

  /** What others have made, what nobody has begun, and at last what others are at, in this order. */
  async function gather({ segments, place, make, report }: PartsWanted, signal: AbortSignal): Promise<void> {
    await make(0);
    const missing = new Set(segments.keys());
    for (missing.delete(0); missing.size > 0; ) {
      const rung = help.rung();
      const parts = await standing();
      signal.throwIfAborted();
      let went = false;
      for (const at of missing) {
        const part = parts.get(at);
        if (part?.state === 'running' || part?.state === 'failed') continue;
        if (part?.state === 'done' && (await fetched(part, place(at), signal))) {
          const { frames = 0 } = segments[at] ?? {};
          report(at, { frame: frames, frames, fps: 0, secondsLeft: 0 });
        } else if (part === undefined || isOver(part) || (await help.takeBack(part))) await make(at);
        else continue;
        missing.delete(at);
        went = true;
        break;
      }
      if (!went) await rung;
    }
  }

  return async (wanted, signal) => {
    const { segments, seen } = wanted;
    const asked = segments.map((span, at) => ({
      ...{ kind: PART, key: keyOf(work, at, segments.length) },
      spec: { ...work.spec, part: { ...span, seen } } satisfies PartSpec,
    }));
    await help.submit(asked.slice(1));
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      await Promise.race([gather(wanted, either), follow(wanted, either).then(() => new Promise<never>(() => {}))]);
    } finally {
      over.abort();
    }
  };
}

/** When the render is over, however it ended. */
export async function clearParts(storage: PerformDeps['storage'], tenantId: string, parts: readonly Work[]) {
  // One that expired meanwhile is as good.
  for (const { state, result } of parts)
    if (state === 'done') await storage.delete(tenantId, (result as PartResult).objectId).catch(() => {});
}
