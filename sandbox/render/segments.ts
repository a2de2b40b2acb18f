// Whether a clip is rendered faster in parts that are made side by side: where the effects are slower than what FFmpeg
// does, or where there are more cores than one encoder can use. On two cores FFmpeg alone has none to spare.
import { SEGMENTS } from '../limits.ts';
import type { Size, Span } from './window.ts';

export interface SegmentFacts extends Size {
  readonly frames: number;
  readonly fps: number;
  readonly cores: number;
  /** Milliseconds that the effects take for a frame, one frame after the other. */
  readonly effectMs: number;
  /** Why it cannot be split, if it cannot. */
  readonly whole?: string;
}

export interface SegmentPlan {
  readonly segments: readonly Span[];
  /** For people. */
  readonly why: string;
}

/** Processors' time to decode and encode a pixel, in milliseconds; measured, and much the same for most clips. */
const CODING_MS = 10.4e-6;
/** What an encoder's threads come to: more cores than these it cannot use. */
const ENCODER_CORES = 4;
/** What each part costs beside its frames: processes that start, pictures that are decoded to no end, a keyframe. */
const OVERHEAD = 1.15;
/** A part of less is hardly begun before it is over. */
const SHORTEST_SECONDS = 5;
/** Parts that save less are not worth their trouble. */
const WORTH = 0.85;

/** @example planSegments({ frames: 9000, fps: 30, width: 1280, height: 720, cores: 8, effectMs: 12 }).segments.length */
export function planSegments(facts: SegmentFacts): SegmentPlan {
  const { frames, fps, cores, effectMs, whole } = facts;
  if (whole) return { segments: segmentsOf(frames, 1), why: `In one piece: ${whole}.` };
  const most = Math.max(1, Math.min(SEGMENTS, cores, Math.floor(frames / fps / SHORTEST_SECONDS)));
  const taking = Array.from({ length: most }, (_, at) => frameMs(facts, at + 1));
  const [alone = 0] = taking;
  const best = Math.min(...taking);
  const parts = best <= WORTH * alone ? taking.indexOf(best) + 1 : 1;
  const costs = `The effects take ${effectMs.toFixed(1)} ms for a frame, FFmpeg ${coding(facts).toFixed(1)} ms of ${cores} cores`;
  if (parts === 1)
    return { segments: segmentsOf(frames, 1), why: `In one piece: ${costs}, and more would save little.` };
  const times = (alone / best).toFixed(1);
  return {
    segments: segmentsOf(frames, parts),
    why: `In ${parts} parts side by side: ${costs}; about ${times} times as fast.`,
  };
}

const coding = ({ width, height }: Size) => CODING_MS * width * height;

/** How long a frame takes, in so many parts side by side: whatever is fully at work sets the pace. */
function frameMs(facts: SegmentFacts, parts: number): number {
  const { cores, effectMs } = facts;
  const all = (effectMs + coding(facts)) * (parts > 1 ? OVERHEAD : 1);
  return Math.max(effectMs / parts, coding(facts) / Math.min(cores, ENCODER_CORES) / parts, all / cores);
}

/** Parts of nearly the same length, in order. */
export function segmentsOf(frames: number, parts: number): readonly Span[] {
  const begin = (part: number) => Math.round((part * frames) / parts);
  return Array.from({ length: parts }, (_, part) => ({ first: begin(part), frames: begin(part + 1) - begin(part) }));
}
