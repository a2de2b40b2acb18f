// What is burnt into pictures: an image, or a line of text that is drawn as one first, so that both go the same way.
import type { Watermark } from '@plinth/sdk/services/media-recipes.ts';
import { GUARDED_PICTURE } from '../input.ts';
import type { Place } from '../jail.ts';
import type { Size } from '../window.ts';

/** Arguments for the image as an input of its own; it is the second file that FFmpeg may read. */
export const markIn = ({ input }: Place): string[] => [...GUARDED_PICTURE, '-i', input(1)];

/** Lays `[1:v]` over what is labelled `from`, and labels that `to`. */
export function marked(mark: Watermark, { width, height }: Size, from: string, to: string): string {
  const { opacity = 0.6, moving = true } = mark;
  const text = 'text' in mark.mark;
  const short = Math.min(width, height);
  const scaled = text
    ? `scale=-1:${Math.max(8, Math.round((mark.size ?? 0.04) * short * LINE))}`
    : `scale=${Math.max(8, Math.round((mark.size ?? 0.16) * width))}:-1`;
  // Named, as FFmpeg would take any picture for BT.601.
  const colours = 'out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int';
  // A line longer than the picture is wide would be cut off.
  const fits = `scale='min(iw,${width - 4 * marginOf(short)})':'min(ih,${height})':force_original_aspect_ratio=decrease`;
  const image = `[1:v]${scaled},format=rgba,colorchannelmixer=aa=${opacity},${fits}:${colours},format=yuva420p,setsar=1[mark]`;
  const { x, y } = moving ? wandering(marginOf(short)) : resting(marginOf(short));
  return `${image};[${from}][mark]overlay=x='${x}':y='${y}':format=yuv420:eof_action=repeat[${to}]`;
}

/** The height of a line's image, in its letters' size: as it is drawn. */
export const LINE = 1.5;

const marginOf = (short: number) => 2 * Math.round(short / 60);

/** Steady for a while in each corner, and quickly on to the next: slow drifting costs bits in every frame. */
const STAY_SECONDS = 4;

function wandering(margin: number): { x: string; y: string } {
  const [right, bottom] = [`W-w-${margin}`, `H-h-${margin}`];
  const corner = `mod(floor(t/${STAY_SECONDS}),4)`;
  return { x: `if(lt(mod(${corner}+1,4),2),${right},${margin})`, y: `if(lt(${corner},2),${margin},${bottom})` };
}

const resting = (margin: number) => ({ x: `W-w-${margin}`, y: `${margin}` });
