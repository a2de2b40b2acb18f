import type { Span } from './reach.ts';

/** A group that is laid down as one, and where. */
export interface Group {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** It needs no sheet: there is nothing in it that could show through something else. */
  readonly isSingle: boolean;
}

/** A group as a survey goes through it: what is painted in it, and where. */
export class OpenGroup implements Group {
  left = Infinity;
  top = Infinity;
  right = -Infinity;
  bottom = -Infinity;
  paints = 0;
  readonly blend: number;
  readonly parent: OpenGroup | undefined;
  readonly depth: number;

  constructor(blend: number, parent: OpenGroup | undefined) {
    this.blend = blend;
    this.parent = parent;
    this.depth = parent ? parent.depth + 1 : 1;
  }

  get isSingle(): boolean {
    return this.paints <= 1;
  }

  hold({ left, top, right, bottom }: Span, paints = 1): void {
    this.paints += paints;
    if (!(left < right && top < bottom)) return;
    this.left = Math.min(this.left, left);
    this.top = Math.min(this.top, top);
    this.right = Math.max(this.right, right);
    this.bottom = Math.max(this.bottom, bottom);
  }
}
