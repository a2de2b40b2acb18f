// Sounds made for a test, sample by sample, so that it is known exactly when something begins in them.
import { writeFileSync } from 'node:fs';

export const RATE = 48_000;

/** The same numbers each time. */
export function chance(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

export const silence = (seconds: number) => new Float32Array(Math.round(seconds * RATE));
export const sine = (seconds: number, hertz: number, loud = 0.5) =>
  silence(seconds).map((_, at) => loud * Math.sin((2 * Math.PI * hertz * at) / RATE));
export function noise(seconds: number, loud: number): Float32Array {
  const random = chance();
  return silence(seconds).map(() => loud * (2 * random() - 1));
}

/** One after the other. */
export function inTurn(...parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export interface Track {
  readonly samples: Float32Array;
  readonly beats: readonly number[];
}

export interface TrackStyle {
  /** How loud what is between the beats is, and at which part of the beat. */
  readonly offbeat?: number;
  readonly swing?: number;
  readonly noise?: number;
  /** Kick, snare, hats and chords instead of clicks. */
  readonly drums?: boolean;
}

/** `bpm` may change over time. */
export function track(bpm: (t: number) => number, seconds: number, style: TrackStyle = {}): Track {
  const samples = noise(seconds, style.noise ?? 0);
  const random = chance(7);
  const hit = (t: number, loud: number, length: number, hertz: number, rough = 0) => {
    const first = Math.round(t * RATE);
    for (let at = 0; at < length * RATE && first + at < samples.length; at++) {
      const wave = (1 - rough) * Math.sin((2 * Math.PI * hertz * at) / RATE) + rough * (2 * random() - 1);
      samples[first + at] = (samples[first + at] ?? 0) + loud * Math.exp(-at / ((length * RATE) / 5)) * wave;
    }
  };
  const beats: number[] = [];
  for (let t = 0.3; t < seconds - 0.05; t += 60 / bpm(t)) {
    const period = 60 / bpm(t);
    const isOdd = beats.length % 2 === 1;
    beats.push(t);
    if (style.drums) {
      hit(t, 0.8, 0.15, isOdd ? 180 : 60, isOdd ? 0.7 : 0.1);
      for (const part of [0, 0.5]) hit(t + part * period, 0.2, 0.05, 8_000, 1);
      for (const hertz of [220, 277, 330]) hit(t, 0.08, period * 0.9, hertz);
    } else hit(t, 0.6, 0.03, 1_000);
    if (style.offbeat) hit(t + period * (style.swing ?? 0.5), style.offbeat, 0.03, 1_500);
  }
  return { samples, beats };
}

/** 32-bit floats in a WAV file: nothing is rounded. */
export function writeWav(file: string, ...channels: readonly Float32Array[]): string {
  const length = (channels[0]?.length ?? 0) * channels.length * 4;
  const bytes = Buffer.alloc(44 + length);
  bytes.write('RIFF');
  bytes.writeUInt32LE(36 + length, 4);
  bytes.write('WAVEfmt ', 8);
  bytes.writeUInt32LE(16, 16);
  bytes.writeUInt16LE(3, 20);
  bytes.writeUInt16LE(channels.length, 22);
  bytes.writeUInt32LE(RATE, 24);
  bytes.writeUInt32LE(RATE * channels.length * 4, 28);
  bytes.writeUInt16LE(channels.length * 4, 32);
  bytes.writeUInt16LE(32, 34);
  bytes.write('data', 36);
  bytes.writeUInt32LE(length, 40);
  channels.forEach((samples, channel) => {
    for (const [at, sample] of samples.entries()) bytes.writeFloatLE(sample, 44 + (at * channels.length + channel) * 4);
  });
  writeFileSync(file, bytes);
  return file;
}
