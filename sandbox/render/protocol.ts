// What a render and its child tell each other. The child runs strangers' code: whatever it says is checked.
import type { Box } from '../draw/bounds.ts';
import type { Rows } from '../draw/rows.ts';
import type { Description } from '../effect/describe.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { SoundFacts } from '../effect/sound-player.ts';
import type { EffectSource } from '../javascript/frame-player.ts';
import type { Limits } from '../limits.ts';
import type { Failure } from '../supervisor/protocol.ts';
import type { Span } from './window.ts';

/** The child's descriptors: the clip's planes come in on one, what it made goes out on the other. */
export const FRAMES_IN = 4;
export const FRAMES_OUT = 5;

/** What one effect does to sound. `params` are as given. */
export interface SoundOpening extends Omit<EffectSource, 'picture'> {
  readonly facts: SoundFacts;
}

/** One effect of a render. `params` are as given. */
export interface EffectOpening extends Omit<EffectSource, 'picture'> {
  readonly facts: SceneFacts;
  /** Pictures by the params that name them: their files as base64. */
  readonly images?: Readonly<Record<string, string>>;
}

export type ToRenderChild =
  /** Opens effects to say what they are. Those that are opened next are taken for the same, in the same order. */
  | { readonly do: 'describe'; readonly effects: readonly Omit<EffectSource, 'picture'>[]; readonly limits: Limits }
  /** Opens effects, plays all frames of each for what they draw, and says what it saw. */
  | {
      readonly do: 'open';
      readonly effects: readonly EffectOpening[];
      /** The frames that are wanted; all of them, if absent. */
      readonly span?: Span;
      readonly limits: Limits;
    }
  /** Tries how long a frame takes. */
  | { readonly do: 'time' }
  /**
   * Reads samples, and writes them back changed by each effect in turn; of those that were asked for by their numbers, if
   * they were. A rehearsal reads a tone and writes nothing.
   */
  | {
      readonly do: 'sound';
      readonly effects: readonly SoundOpening[];
      readonly channels: number;
      readonly keep?: { readonly from: number; readonly to: number };
      readonly rehearse?: { readonly samples: number; readonly sampleRate: number };
      readonly limits: Limits;
    }
  /** Writes boxes of every frame, as one picture of yuva420p: what the first so many effects draw. */
  | { readonly do: 'overlay'; readonly effects: number; readonly boxes: readonly Box[] }
  /** Reads planes, and writes them back changed by the first so many effects. */
  | { readonly do: 'planes'; readonly effects: number; readonly box?: Box };

/** An effect as it was found. */
export interface OpenedEffect {
  readonly description: Description;
  /** What it asks of FFmpeg, unchecked. */
  readonly filters: unknown;
  readonly seen: Seen;
  /** Characters that it writes and no font has. */
  readonly unwritten: string;
}

export type FromRenderChild =
  | { readonly say: 'ready' }
  | { readonly say: 'printed'; readonly text: string }
  | { readonly say: 'described'; readonly effects: readonly Description[] }
  | { readonly say: 'opened'; readonly effects: readonly OpenedEffect[] }
  /** It is still at work, and how far. */
  | { readonly say: 'at'; readonly frame: number }
  | { readonly say: 'timed'; readonly ms: number }
  /** How many frames it made, or blocks of sound. */
  | { readonly say: 'done'; readonly frames: number }
  /** `frame`: the one it failed at. `effect`: which of those it was told to open. */
  | { readonly say: 'failed'; readonly failure: Failure; readonly frame?: number; readonly effect?: number };

/** What playing all frames without the picture showed. */
export interface Seen {
  readonly frames: number;
  /** Frames that look at the picture itself. */
  readonly pixelFrames: number;
  /** Frames that draw something. */
  readonly drawnFrames: number;
  /** Drawings that differ from the one before. */
  readonly drawings: number;
  /** Frames whose drawing mixes colours with the picture. */
  readonly blendFrames: number;
  /** Around all that is drawn. */
  readonly box?: Box;
  /** The rows of it that are drawn on. */
  readonly rows?: readonly Rows[];
}
