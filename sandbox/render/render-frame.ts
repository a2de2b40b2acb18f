// One frame of a render, as a picture.
import { renderErrors } from './errors.ts';
import { rateOf } from './fraction.ts';
import { type Rendered, type RenderOptions, render } from './pipeline.ts';
import { probe } from './probe.ts';

export interface FrameOptions extends Omit<RenderOptions, 'from' | 'to' | 'span' | 'still' | 'onProgress'> {
  /** Seconds. */
  readonly at: number;
}

/** @example await renderFrame({ input: 'clip.mp4', output: 'at-3.png', effects: [{ compiled }], at: 3 }); */
export async function renderFrame({ at, ...options }: FrameOptions): Promise<Rendered> {
  const { frames, fps, duration } = await probe(options.input, options.signal ? { signal: options.signal } : {});
  const first = Math.round(at * rateOf(fps));
  if (!(first >= 0 && first < frames))
    throw renderErrors.bad_range({ detail: `It lasts ${duration.toFixed(2)} s; ${at} s was asked for.` });
  return render({ ...options, span: { first, frames: 1 }, still: true });
}
