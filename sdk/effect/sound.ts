// What an effect is given that changes the sound itself.
import type { Params, Values } from '../effect.ts';
import type { DataOf, Input } from './inputs.ts';

/** The same for all of the sound. */
export interface SoundScene<P extends Params = Params, I extends Input = Input> {
  /** Samples a second: the clip's own. */
  readonly sampleRate: number;
  /** One or two. */
  readonly channelCount: number;
  /** Samples in a block, for each channel. */
  readonly blockLength: number;
  /** Seconds. */
  readonly duration: number;
  readonly params: Values<P>;
  readonly data: DataOf<I>;
  /** From 0 up to 1; the same numbers for the same seed. */
  readonly random: () => number;
  readonly tools: SoundTools;
}

/**
 * A stretch of sound. Blocks come in their order, all of them, and none twice: a filter or an echo has to know what was
 * before. So `state` may be changed here, as it may not in a frame, which is made alone and in any order.
 */
export interface SoundBlock<P extends Params = Params, A = unknown, I extends Input = Input> extends SoundScene<P, I> {
  /** From 0. */
  readonly index: number;
  /** Seconds since the first sample of all. */
  readonly t: number;
  /** Samples from -1 to 1: what is written there is the new sound. After the clip's last sample there is silence. */
  readonly channels: readonly Float32Array[];
  /** What `audioSetup` answered. */
  readonly state: A;
}

/** Changes samples in place, and keeps what it needs for those that follow. */
export type SoundTool = (channels: readonly Float32Array[]) => void;

/** Each call makes a tool with a memory of its own: make them in `audioSetup`, and use them block by block. */
export interface SoundTools {
  /** Keeps what is lower than so many hertz. `q` is how sharp the edge is; 0.71 if absent. */
  lowPass(hertz: number, q?: number): SoundTool;
  /** Keeps what is higher. */
  highPass(hertz: number, q?: number): SoundTool;
  /** The sound once more, later. `feedback`: what of an echo echoes again, below 1. `mix`: how loud echoes are. */
  delay(seconds: number, options?: { readonly feedback?: number; readonly mix?: number }): SoundTool;
  /** Louder or softer, from one factor to another over a block, so that no step is heard. */
  gain(channels: readonly Float32Array[], from: number, to?: number): void;
}
