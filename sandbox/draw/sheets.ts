// Groups that are laid over what is below them as one: each is drawn on a sheet of its own, unless it is a single shape.

import type { Context2D, Origin } from './context.ts';
import type { Group } from './open-group.ts';
import { BLENDS } from './ops.ts';
import { prepare } from './prepare-context.ts';

interface Below {
  readonly context: Context2D;
  readonly fade: number;
  /** What is laid over it when the group ends. */
  readonly group?: { readonly facts: Group; readonly opacity: number; readonly blend: string };
}

/** Sheets are kept with the context that they are laid on: one for each depth. */
const kept = new WeakMap<Context2D, Context2D[]>();

export class Sheets {
  /** What is drawn on now, and what its opacities are multiplied with. */
  context: Context2D;
  fade = 1;
  readonly #origin: Origin;
  readonly #sheets: Context2D[];
  readonly #below: Below[] = [];
  #depth = 0;

  constructor(context: Context2D, origin: Origin) {
    this.context = context;
    this.#origin = origin;
    this.#sheets = kept.get(context) ?? [];
    kept.set(context, this.#sheets);
  }

  get isOpen(): boolean {
    return this.#below.length > 0;
  }

  save(): void {
    this.#below.push({ context: this.context, fade: this.fade });
    this.context.save();
  }

  begin(facts: Group, opacity: number, mode: number): void {
    const blend = BLENDS[mode] ?? 'source-over';
    if (facts.isSingle) {
      this.save();
      plain(this.context);
      this.fade = opacity;
      this.context.globalAlpha = opacity;
      this.context.globalCompositeOperation = blend;
      return;
    }
    this.#below.push({ context: this.context, fade: this.fade, group: { facts, opacity, blend } });
    const { a, b, c, d, e, f } = this.context.getTransform();
    const sheet = this.#sheet();
    sheet.save();
    prepare(sheet, this.#origin);
    const { x, y, width, height } = this.#boxOf(facts);
    sheet.setTransform(1, 0, 0, 1, 0, 0);
    sheet.clearRect(x, y, width, height);
    sheet.setTransform(a, b, c, d, e, f);
    this.context = sheet;
    this.fade = 1;
  }

  restore(): void {
    const sheet = this.context;
    const below = this.#below.pop();
    sheet.restore();
    if (!below) return;
    const { context, fade, group } = below;
    [this.context, this.fade] = [context, fade];
    if (!group) return;
    this.#depth -= 1;
    const { x, y, width, height } = this.#boxOf(group.facts);
    if (width <= 0 || height <= 0) return;
    context.save();
    plain(context);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = group.opacity;
    context.globalCompositeOperation = group.blend;
    context.drawImage(sheet.canvas, x, y, width, height, x, y, width, height);
    context.restore();
  }

  /** Without laying it down: something went wrong. */
  drop(): void {
    const below = this.#below.pop();
    this.context.restore();
    if (below) this.context = below.context;
  }

  #sheet(): Context2D {
    const at = this.#depth++;
    const { width, height } = this.context.canvas;
    const before = this.#sheets[at];
    const fits = before?.canvas.width === width && before.canvas.height === height;
    const sheet = fits ? before : likeThat(this.context, width, height);
    this.#sheets[at] = sheet;
    return sheet;
  }

  #boxOf({ left, top, right, bottom }: Group) {
    const { x, y } = this.#origin;
    return { x: left - x, y: top - y, width: right - left, height: bottom - top };
  }
}

/** Without what a style before may have left: inside of a group every style is said anew. */
function plain(context: Context2D): void {
  context.globalCompositeOperation = 'source-over';
  context.shadowColor = '#00000000';
  context.setLineDash([]);
}

type Canvas = new (width: number, height: number) => { getContext(kind: '2d'): unknown };
declare const OffscreenCanvas: Canvas | undefined;

/** Browsers have a canvas that belongs to no page, Skia's are all of that kind. */
function likeThat({ canvas }: Context2D, width: number, height: number): Context2D {
  const Sheet = typeof OffscreenCanvas === 'undefined' ? (canvas.constructor as Canvas) : OffscreenCanvas;
  return new Sheet(width, height).getContext('2d') as Context2D;
}
