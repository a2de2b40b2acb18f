import type { Context2D, Origin } from './context.ts';
import { cssFont } from './fonts.ts';
import { MITER_LIMIT } from './survey.ts';

/** What every list starts from, whatever was drawn before. */
export function prepare(context: Context2D, origin: Origin): void {
  context.setTransform(1, 0, 0, 1, -origin.x, -origin.y);
  context.globalAlpha = 1;
  context.globalCompositeOperation = 'source-over';
  context.shadowColor = '#00000000';
  context.shadowBlur = 0;
  context.setLineDash([]);
  context.lineWidth = 1;
  context.lineCap = 'butt';
  context.lineJoin = 'miter';
  context.miterLimit = MITER_LIMIT;
  context.lang = 'en';
  context.font = cssFont('Sans', 32, 400, false);
  context.textAlign = 'left';
  context.textBaseline = 'alphabetic';
  context.fillStyle = '#000000';
  context.strokeStyle = '#000000';
  context.beginPath();
}
