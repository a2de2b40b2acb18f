// What finds something out about a clip: told once what comes, then fed with it piece by piece, then asked.
import type { ClipFacts } from '../render/probe.ts';

/** Of all sound that analysers hear. */
export const SAMPLE_RATE = 48_000;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What is analysed: all of a clip, or a part of it. */
export interface Subject {
  /** What the file says of itself; nothing of a file that is only sound. */
  readonly clip: ClipFacts | undefined;
  readonly fps: number;
  readonly frames: number;
  /** Seconds. */
  readonly duration: number;
  readonly hasSound: boolean;
  /** Of the pictures and of the details that come. */
  readonly small: Size;
  readonly large: Size;
  /** Seconds from one detail to the next. */
  readonly every: number;
}

/** Left and right, and the mean of both. What has one channel is left, and its mean; its right is silent. */
export interface Sound {
  readonly left: Float32Array;
  readonly right: Float32Array;
  readonly mono: Float32Array;
}

/** Sound comes from 0 on without gaps, pictures and details in their order. What is handed over is used again. */
export interface Analysis<R> {
  hear?(sound: Sound): void;
  /** Every picture, small: red, green and blue, a byte each. */
  see?(picture: Uint8Array, frame: number): void;
  /** One picture each second or so, large and grey. */
  look?(detail: Uint8Array, at: number): void;
  end(): R;
}

export interface Analyser<R> {
  /** What it is fed with. */
  readonly takes: readonly ('sound' | 'pictures' | 'details')[];
  begin(subject: Subject): Analysis<R>;
}

/** Three digits are more than an eye or an ear can tell, and short to write down. */
export const rounded = (value: number): number => Math.round(value * 1000) / 1000;
