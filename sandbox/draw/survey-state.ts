import type { Box } from './bounds.ts';
import type { OpenGroup } from './open-group.ts';
import type { Span } from './reach.ts';
import type { Transform } from './transform.ts';

/** What `save` keeps. */
export interface State {
  /** The innermost that is open. */
  group: OpenGroup | undefined;
  m: Transform;
  clip: Span;
  shadow: { readonly blur: number; readonly x: number; readonly y: number } | undefined;
  mixedFill: boolean;
  mixedStroke: boolean;
  lineWidth: number;
  cap: number;
  join: number;
  /** Dashes in a pixel of length. */
  dashes: number;
  font: string;
  size: number;
  weight: number;
  align: number;
  baseline: number;
}

export const startingState = (area: Box): State => ({
  m: { a: 1, b: 0, c: 0, d: 1, e: 0, f: 0 },
  clip: { left: area.x, top: area.y, right: area.x + area.width, bottom: area.y + area.height },
  group: undefined,
  shadow: undefined,
  mixedFill: false,
  mixedStroke: false,
  lineWidth: 1,
  cap: 0,
  join: 0,
  dashes: 0,
  font: 'Sans',
  size: 32,
  weight: 400,
  align: 0,
  baseline: 2,
});
