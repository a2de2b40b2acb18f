// The cheapest way to render effects: what leaves FFmpeg costs time, and most effects touch less than they could.
import { around, type Box } from '../draw/bounds.ts';
import { type Rows, withRows } from '../draw/rows.ts';
import type { Seen } from './protocol.ts';
import type { Size } from './window.ts';

/** What one stage does to pictures, after FFmpeg's filters. */
export type Plan =
  /** Nothing: FFmpeg's filters are all. */
  | { readonly way: 'filters' }
  /** FFmpeg lays boxes of drawings, one below the other and equally wide, over pictures that never leave it. */
  | { readonly way: 'overlay'; readonly boxes: readonly Box[] }
  /** Pictures go through the effects. */
  | { readonly way: 'planes'; readonly box?: Box };

/** What a stage's effects were seen to do. */
export interface Staged {
  /** How many filters they ask of FFmpeg. */
  readonly filters: number;
  readonly seen: Seen;
}

export interface ChainPlan {
  /** The costliest of its stages. */
  readonly way: Plan['way'];
  readonly stages: readonly Plan[];
}

/** @example planOf([{ filters: 0, seen }], { width: 1280, height: 720 }).way // 'overlay' */
export function planOf(staged: readonly Staged[], size: Size): ChainPlan {
  const stages: Plan[] = [];
  for (const { seen } of staged)
    stages.push(
      stagePlan(
        seen,
        size,
        stages.every(({ way }) => way === 'filters'),
      ),
    );
  const ways = stages.map(({ way }) => way);
  return { way: (['planes', 'overlay'] as const).find((way) => ways.includes(way)) ?? 'filters', stages };
}

/** FFmpeg takes drawings from one place, while it still holds the clip itself. */
function stagePlan({ pixelFrames, blendFrames, box, rows }: Seen, size: Size, canOverlay: boolean): Plan {
  const placed = box && aligned(box, size);
  if (pixelFrames > 0 || blendFrames > 0 || (placed && !canOverlay))
    return placed ? { way: 'planes', box: placed } : { way: 'planes' };
  return placed ? { way: 'overlay', boxes: boxesOf(placed, rows ?? []) } : { way: 'filters' };
}

/** On whole groups of eight pixels where the picture has room for it: what converts them works on eight at once. */
function aligned(box: Box, size: Size): Box {
  const [x, y] = [8 * Math.floor(box.x / 8), 2 * Math.floor(box.y / 2)];
  const right = Math.min(size.width, 8 * Math.ceil((box.x + box.width) / 8));
  const bottom = Math.min(size.height, 2 * Math.ceil((box.y + box.height) / 2));
  return { x, y, width: right - x, height: bottom - y };
}

/** What several effects, or several parts of a clip, come to. Frames of parts add up, frames of effects are the same. */
export function seenTogether(all: readonly Seen[], frames: number): Seen {
  const count = (of: (seen: Seen) => number) => all.reduce((sum, seen) => sum + of(seen), 0);
  const box = all.reduce<Box | undefined>((whole, seen) => around(whole, seen.box), undefined);
  return {
    frames,
    pixelFrames: Math.min(
      frames,
      count((seen) => seen.pixelFrames),
    ),
    drawnFrames: Math.min(
      frames,
      count((seen) => seen.drawnFrames),
    ),
    blendFrames: Math.min(
      frames,
      count((seen) => seen.blendFrames),
    ),
    drawings: count((seen) => seen.drawings),
    ...(box ? { box, rows: all.flatMap(({ rows = [] }) => rows).reduce<readonly Rows[]>(withRows, []) } : {}),
  };
}

/** What of the box is drawn on, where that is so much less that telling it apart pays. */
function boxesOf(box: Box, rows: readonly Rows[]): readonly Box[] {
  const end = box.y + box.height;
  const boxes = rows.map(({ top, bottom }) => {
    const y = Math.max(box.y, 2 * Math.floor(top / 2));
    return { ...box, y, height: Math.min(end, 2 * Math.ceil(bottom / 2)) - y };
  });
  return boxes.length > 1 && heightOf(boxes) < WORTH * box.height ? boxes : [box];
}

const WORTH = 0.85;
const heightOf = (boxes: readonly Box[]) => boxes.reduce((sum, { height }) => sum + height, 0);

/** Which way, and why, for people. */
export function explain({ stages }: ChainPlan, staged: readonly Staged[], size: Size): string {
  return stages
    .map((plan, at) => {
      const { seen, filters } = staged[at] ?? {};
      return seen ? explainStage(plan, seen, filters ?? 0, size) : '';
    })
    .join(' Then: ');
}

function explainStage(plan: Plan, seen: Seen, filters: number, size: Size): string {
  const { frames, pixelFrames, drawnFrames, drawings, blendFrames } = seen;
  const first = filters > 0 ? `${filters} ${filters === 1 ? 'filter' : 'filters'} of FFmpeg first. ` : '';
  if (plan.way === 'filters')
    return filters > 0
      ? `${filters} ${filters === 1 ? 'filter' : 'filters'} of FFmpeg alone: nothing is drawn.`
      : 'Nothing is drawn and nothing touched: the clip is only encoded anew.';
  const again = drawings < drawnFrames ? `, ${drawings} of them different from the one before` : '';
  const boxes = plan.way === 'overlay' ? plan.boxes : plan.box ? [plan.box] : [];
  const drawn =
    boxes.length > 0
      ? `${drawnFrames} of ${frames} frames draw${again}, within ${partOf(boxes, size)}`
      : 'nothing is drawn';
  if (plan.way === 'overlay')
    return `${first}An overlay: ${drawn}. No frame looks at the picture, so the pictures never leave FFmpeg.`;
  const look = pixelFrames > 0 ? [`${pixelFrames} of ${frames} frames look at the picture itself`] : [];
  const mix = blendFrames > 0 ? [`${blendFrames} of ${frames} frames mix their colours with the picture`] : [];
  return `${first}Planes: ${[...look, ...mix, drawn].join('; ')}.`;
}

function partOf(boxes: readonly Box[], size: Size): string {
  const pixels = boxes.reduce((sum, { width, height }) => sum + width * height, 0);
  const places = boxes.map(({ x, y, width, height }) => `${width}x${height} at ${x},${y}`);
  return `${places.join(' and ')} (${Math.round((100 * pixels) / (size.width * size.height))} % of the picture)`;
}
