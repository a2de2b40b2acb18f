// The cheapest way to render an effect: what leaves FFmpeg costs time, and most effects touch less than they could.
import type { Box } from '../draw/bounds.ts';
import type { Seen } from './protocol.ts';
import type { Size } from './window.ts';

export type Plan =
  /** FFmpeg alone. */
  | { readonly way: 'filters' }
  /** FFmpeg lays a box of drawings over pictures that never leave it. */
  | { readonly way: 'overlay'; readonly box: Box }
  /** Pictures go through the effect. */
  | { readonly way: 'planes'; readonly box?: Box };

/** @example planOf(seen, { width: 1280, height: 720 }).way // 'overlay' */
export function planOf({ pixelFrames, box }: Seen, size: Size): Plan {
  const placed = box && aligned(box, size);
  if (pixelFrames > 0) return placed ? { way: 'planes', box: placed } : { way: 'planes' };
  return placed ? { way: 'overlay', box: placed } : { way: 'filters' };
}

/** On whole groups of eight pixels where the picture has room for it: what converts them works on eight at once. */
function aligned(box: Box, size: Size): Box {
  const [x, y] = [8 * Math.floor(box.x / 8), 2 * Math.floor(box.y / 2)];
  const right = Math.min(size.width, 8 * Math.ceil((box.x + box.width) / 8));
  const bottom = Math.min(size.height, 2 * Math.ceil((box.y + box.height) / 2));
  return { x, y, width: right - x, height: bottom - y };
}

/** Which way, and why, for people. */
export function explain(
  plan: Plan,
  { frames, pixelFrames, drawnFrames, drawings }: Seen,
  filters: number,
  size: Size,
): string {
  const first = filters > 0 ? `${filters} ${filters === 1 ? 'filter' : 'filters'} of FFmpeg first. ` : '';
  if (plan.way === 'filters')
    return filters > 0
      ? `${filters} ${filters === 1 ? 'filter' : 'filters'} of FFmpeg alone: nothing is drawn.`
      : 'Nothing is drawn and nothing touched: the clip is only encoded anew.';
  const again = drawings < drawnFrames ? `, ${drawings} of them different from the one before` : '';
  const drawn = plan.box
    ? `${drawnFrames} of ${frames} frames draw${again}, within ${partOf(plan.box, size)}`
    : 'nothing is drawn';
  if (plan.way === 'overlay')
    return `${first}An overlay: ${drawn}. No frame looks at the picture, so the pictures never leave FFmpeg.`;
  return `${first}Planes: ${pixelFrames} of ${frames} frames look at the picture itself; ${drawn}.`;
}

function partOf(box: Box, { width, height }: Size): string {
  const part = Math.round((100 * box.width * box.height) / (width * height));
  return `${box.width}x${box.height} at ${box.x},${box.y} (${part} % of the picture)`;
}
