// What an effect may ask about its clip and its audience: whoever names an input in `inputs` finds it in `data`.
import type { Color, Dataset } from '../effect.ts';

/** Times are seconds since the first frame that is rendered; lists by frame begin with that frame. */
export interface InputData {
  readonly 'video.meta': VideoMeta;
  /** By frame: from the lowest to the highest pitch, each from 0 to 1. */
  readonly 'audio.spectrum': readonly (readonly number[])[];
  /** When a listener would tap. */
  readonly 'audio.beats': readonly number[];
  /** By frame, from 0 (-60 LUFS or softer) to 1 (0 LUFS). */
  readonly 'audio.loudness': readonly number[];
  readonly captions: readonly Caption[];
  /** Five to eight, the most frequent first. */
  readonly palette: readonly Color[];
  /** By frame: how much changed since the one before, from 0 to 1. */
  readonly motion: readonly number[];
  readonly 'live.likes': readonly LiveEvent[];
  readonly 'live.gifts': readonly LiveEvent[];
  readonly 'live.viewers': readonly ViewerCount[];
  readonly [name: `dataset.${string}`]: Dataset;
}

export type Input = keyof InputData;
/** The data of those inputs that an effect names; empty where a clip has none. */
export type DataOf<I extends Input> = { readonly [K in I]: InputData[K] };

/** Of the clip as it is shown, before it is fitted into what is rendered. */
export interface VideoMeta {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frames: number;
  /** Seconds. */
  readonly duration: number;
  /** Clockwise, as the camera was held. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly codec: string;
  readonly hasSound: boolean;
}

export interface Caption {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

export interface LiveEvent {
  readonly t: number;
  /** How many likes or gifts it is. */
  readonly count: number;
  /** Whose; empty if nobody says. */
  readonly name: string;
  /** What they are worth together, in the smallest unit of their currency. */
  readonly amount: number;
}

export interface ViewerCount {
  readonly t: number;
  readonly count: number;
}

/** The sound at a frame; silence where the clip has none or the effect did not ask for it. */
export interface AudioNow {
  /** From the lowest to the highest pitch, each from 0 to 1. */
  readonly spectrum: readonly number[];
  /** Whether a beat falls on this frame. */
  readonly beat: boolean;
  /** Seconds since the last beat. */
  readonly sinceBeat: number;
  /** From 0 to 1. */
  readonly loudness: number;
}

/** The audience at a frame: what it did until then, and nothing of what it will do. */
export interface LiveNow {
  readonly likes: EventsNow;
  readonly gifts: EventsNow;
  readonly viewers: ViewersNow;
}

export interface EventsNow {
  /** How many there were. */
  readonly total: number;
  /** What they were worth together. */
  readonly amount: number;
  /** Seconds since the last one. */
  readonly since: number;
  /** Those of the last seconds, the newest last. */
  recent(seconds: number): readonly LiveEvent[];
  /** Whoever gave most, the first by what it was worth, then by how many. */
  top(count: number): readonly Giver[];
}

export interface Giver {
  readonly name: string;
  readonly count: number;
  readonly amount: number;
}

export interface ViewersNow {
  readonly now: number;
  /** At once, until now. */
  readonly most: number;
}
