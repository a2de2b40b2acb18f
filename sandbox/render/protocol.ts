// What a render and its child tell each other. The child runs strangers' code: whatever it says is checked.
import type { Box } from '../draw/bounds.ts';
import type { Description } from '../effect/describe.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { Limits } from '../limits.ts';
import type { Failure, Program } from '../supervisor/protocol.ts';
import type { Span } from './window.ts';

/** The child's descriptors: the clip's planes come in on one, what it made goes out on the other. */
export const FRAMES_IN = 4;
export const FRAMES_OUT = 5;

export type ToRenderChild =
  /** Opens the effect, plays all frames for what they draw, and says what it saw. `params` are as given. */
  | {
      readonly do: 'open';
      readonly program: Program;
      readonly runtime: string;
      /** The name of the memory that Python starts from. */
      readonly snapshot?: string;
      readonly facts: SceneFacts;
      /** The frames that are wanted; all of them, if absent. */
      readonly span?: Span;
      readonly limits: Limits;
    }
  /** Writes the box of every frame, as yuva420p. */
  | { readonly do: 'overlay'; readonly box: Box }
  /** Reads planes, and writes them back changed. */
  | { readonly do: 'planes'; readonly box?: Box };

export type FromRenderChild =
  | { readonly say: 'ready' }
  | { readonly say: 'printed'; readonly text: string }
  | {
      readonly say: 'opened';
      readonly description: Description;
      readonly filters: unknown;
      readonly seen: Seen;
    }
  /** It is still at work, and how far. */
  | { readonly say: 'at'; readonly frame: number }
  | { readonly say: 'done'; readonly frames: number }
  /** `frame`: the one it failed at. */
  | { readonly say: 'failed'; readonly failure: Failure; readonly frame?: number };

/** What playing all frames without the picture showed. */
export interface Seen {
  readonly frames: number;
  /** Frames that look at the picture itself. */
  readonly pixelFrames: number;
  /** Frames that draw something. */
  readonly drawnFrames: number;
  /** Drawings that differ from the one before. */
  readonly drawings: number;
  /** Around all that is drawn. */
  readonly box?: Box;
}
