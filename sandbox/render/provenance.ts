// What a result says of how it was made: which effects with which params and seed, over which clip, when. The same params,
// seed, data and clip make the same frames again.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Description } from '../effect/describe.ts';
import { settle } from '../effect/params.ts';
import type { Compiled } from '../javascript/compile.ts';
import { PARAMS_TOLD_BYTES } from '../limits.ts';
import type { Span } from './window.ts';

/** The name of the tag that holds it, as JSON. */
export const PROVENANCE_TAG = 'plinth';

/** A sha256, in hexadecimal. */
type Hash = string;

export interface Provenance {
  readonly schema: 'plinth.provenance@1';
  /** When, as ISO 8601. */
  readonly made: string;
  /** In the order in which they were played. */
  readonly effects: readonly EffectProvenance[];
  readonly source: {
    readonly sha256: Hash;
    /** Which frames of it, from 0, at the result's rate. */
    readonly first: number;
    readonly frames: number;
  };
  /** Of what the effects were told of the clip, as JSON. */
  readonly data?: Hash;
}

export interface EffectProvenance {
  /** What its gallery calls it, or its file's name. */
  readonly id: string;
  /** As its gallery counts, or the beginning of its hash. */
  readonly version: string;
  readonly title: string;
  /** Of what was written. */
  readonly sha256: Hash;
  readonly seed: number;
  /** All of them, defaults included; their hash where they are long. */
  readonly params: Readonly<Record<string, unknown>> | { readonly sha256: Hash };
}

export interface MadeWith {
  readonly effects: readonly {
    readonly compiled: Compiled;
    readonly description: Description;
    readonly params: Readonly<Record<string, unknown>>;
    readonly seed: number;
    readonly id?: string;
    readonly version?: string;
  }[];
  /** Of the clip. */
  readonly sha256: Hash;
  readonly window: Span;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly made?: Date;
}

/** @example provenanceOf({ effects: [{ compiled, description, params: {}, seed: 1 }], sha256, window }).effects[0].title */
export function provenanceOf({ effects, sha256, window, data = {}, made = new Date() }: MadeWith): Provenance {
  return {
    schema: 'plinth.provenance@1',
    made: made.toISOString(),
    effects: effects.map(({ compiled, description, params, seed, id, version }) => ({
      id: id ?? compiled.program.file,
      version: version ?? compiled.sha256.slice(0, 12),
      title: description.title,
      sha256: compiled.sha256,
      seed,
      params: told(settle(description.params, params).values),
    })),
    source: { sha256, first: window.first, frames: window.frames },
    ...(Object.keys(data).length > 0 ? { data: hashOf(JSON.stringify(data)) } : {}),
  };
}

/** A whole table may be a param: what is told of it must fit into a tag. */
function told(params: Readonly<Record<string, unknown>>): EffectProvenance['params'] {
  const text = JSON.stringify(params);
  return text.length > PARAMS_TOLD_BYTES ? { sha256: hashOf(text) } : params;
}

const hashOf = (text: string): Hash => createHash('sha256').update(text).digest('hex');

const READ_BYTES = 1024 * 1024;

/** Of a file's bytes. */
export async function fileHash(file: string, signal?: AbortSignal): Promise<Hash> {
  const [hash, part] = [createHash('sha256'), Buffer.allocUnsafe(READ_BYTES)];
  // A stream that is aborted while it opens its file leaves it open.
  const handle = await open(file);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await handle.read(part, 0, part.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(part.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}

/** As it stands in the tag. Nothing, where it is none of ours. */
export function provenanceFrom(tag: string | undefined): Provenance | undefined {
  try {
    const found = JSON.parse(tag ?? '') as Partial<Provenance> | null;
    const whole = Array.isArray(found?.effects) && typeof found.source?.sha256 === 'string';
    return whole && found?.schema === 'plinth.provenance@1' ? (found as Provenance) : undefined;
  } catch {
    return undefined;
  }
}
