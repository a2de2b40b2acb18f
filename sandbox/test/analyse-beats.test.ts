import { describe, expect, it } from 'vitest';
import { beats } from '../analyse/beats.ts';
import { noise, RATE, silence, sine, type TrackStyle, track } from './sounds.ts';

const SECONDS = 15;

function heard(samples: Float32Array) {
  const size = { width: 1, height: 1 };
  const duration = samples.length / RATE;
  const facts = { clip: undefined, fps: 30, frames: duration * 30, duration, hasSound: true, every: 1 };
  const analysis = beats.begin({ ...facts, small: size, large: size });
  // In pieces as a pipe brings them.
  for (let at = 0; at < samples.length; at += 5_000) {
    const mono = samples.subarray(at, at + 5_000);
    analysis.hear?.({ left: mono, right: mono, mono });
  }
  return analysis.end();
}

/** As beats are judged everywhere: a tap within 70 ms of a beat is right, once. */
function fMeasure(truth: readonly number[], taps: readonly number[]): number {
  const left = new Set(taps);
  const right = truth.filter((beat) => {
    const tap = [...left].find((one) => Math.abs(one - beat) <= 0.07);
    return tap !== undefined && left.delete(tap);
  });
  return (2 * right.length) / (truth.length + taps.length);
}

const STYLES: Readonly<Record<string, TrackStyle>> = {
  clicks: {},
  'clicks in noise': { noise: 0.1 },
  'clicks with softer ones between them': { offbeat: 0.2 },
  'clicks that swing': { offbeat: 0.4, swing: 0.66 },
  'a drum kit': { drums: true, noise: 0.01 },
};

describe.each(Object.keys(STYLES))('beats are found in %s', (name) => {
  it.each([84, 100, 120, 128, 140, 160])('at %i a minute', (tempo) => {
    const { samples, beats: truth } = track(() => tempo, SECONDS, STYLES[name]);
    const found = heard(samples);
    expect(fMeasure(truth, found.times)).toBeGreaterThan(0.95);
    expect(Math.abs((found.tempo ?? 0) - tempo)).toBeLessThan(0.02 * tempo);
  });
});

it.each([55, 66, 180, 200])('slow and fast ones are found as well, at %i a minute', (tempo) => {
  const { samples, beats: truth } = track(() => tempo, SECONDS);
  expect(fMeasure(truth, heard(samples).times)).toBeGreaterThan(0.95);
});

it('a tempo that changes is followed', () => {
  const { samples, beats: truth } = track((t) => 100 + 2 * t, SECONDS, { drums: true });
  expect(fMeasure(truth, heard(samples).times)).toBeGreaterThan(0.95);
  const jump = track((t) => (t < SECONDS / 2 ? 96 : 128), SECONDS, { drums: true });
  expect(fMeasure(jump.beats, heard(jump.samples).times)).toBeGreaterThan(0.85);
});

it('they are told when they sound, to a few milliseconds', () => {
  const { samples, beats: truth } = track(() => 117, SECONDS);
  const { times } = heard(samples);
  const off = truth.map((beat) => Math.min(...times.map((one) => Math.abs(one - beat))));
  expect(off.reduce((sum, one) => sum + one, 0) / off.length).toBeLessThan(0.006);
});

it('one that is at the very beginning is found there', () => {
  const { samples } = track(() => 120, 8);
  const { times } = heard(samples.subarray(0.3 * RATE));
  expect(times.slice(0, 3).map((time) => Math.round(time * 50) / 50)).toEqual([0, 0.5, 1]);
});

it('what does not beat has no beats', () => {
  expect(heard(silence(10)).times).toEqual([]);
  expect(heard(noise(10, 0.3)).times).toEqual([]);
  expect(heard(sine(10, 440)).times).toEqual([]);
  expect(heard(silence(0.2)).times).toEqual([]);
});
