// The display list: what an effect draws, as numbers. One list for both languages, for the browser and the server.
// Each entry is an operation's code and its arguments. Texts, font names, image names and SVG paths are given by their
// number in the list's table of strings; colours are 0xRRGGBBAA; angles are radians; NaN stands for "not given".

export const OP = {
  save: 1,
  restore: 2,
  /** a b c d e f: multiplied onto the transform. */
  transform: 3,
  opacity: 4,
  /** opacity blend: what follows, until its `restore`, is laid over what is below as one. Every style is said anew inside. */
  group: 5,
  /** colour blur x y */
  shadow: 6,
  fillColor: 7,
  strokeColor: 8,
  /** x0 y0 r0 x1 y1 r1 n, then n times: offset colour. Linear where r0 and r1 are NaN. */
  fillGradient: 9,
  strokeGradient: 10,
  /** width cap join: numbers in `CAPS` and `JOINS` */
  line: 11,
  /** n, then n lengths */
  dash: 12,
  /** name size weight italic */
  font: 13,
  /** Numbers in `ALIGNS` and `BASELINES`. */
  align: 14,
  /** text x y */
  fillText: 15,
  strokeText: 16,
  beginPath: 17,
  moveTo: 18,
  lineTo: 19,
  /** x1 y1 x2 y2 x y */
  curveTo: 20,
  quadTo: 21,
  /** x y radius from to counterclockwise */
  arc: 22,
  /** x y rx ry rotation from to */
  ellipse: 23,
  rect: 24,
  /** x y width height radius */
  roundRect: 25,
  close: 26,
  fill: 27,
  stroke: 28,
  clip: 29,
  /** image x y width height */
  image: 30,
} as const;

/** How many numbers follow a code. Gradients and dashes say themselves how many more. */
export const OP_LENGTHS: Readonly<Record<number, number>> = {
  [OP.save]: 0,
  [OP.restore]: 0,
  [OP.transform]: 6,
  [OP.opacity]: 1,
  [OP.group]: 2,
  [OP.shadow]: 4,
  [OP.fillColor]: 1,
  [OP.strokeColor]: 1,
  [OP.fillGradient]: 7,
  [OP.strokeGradient]: 7,
  [OP.line]: 3,
  [OP.dash]: 1,
  [OP.font]: 4,
  [OP.align]: 2,
  [OP.fillText]: 3,
  [OP.strokeText]: 3,
  [OP.beginPath]: 0,
  [OP.moveTo]: 2,
  [OP.lineTo]: 2,
  [OP.curveTo]: 6,
  [OP.quadTo]: 4,
  [OP.arc]: 6,
  [OP.ellipse]: 7,
  [OP.rect]: 4,
  [OP.roundRect]: 5,
  [OP.close]: 0,
  [OP.fill]: 0,
  [OP.stroke]: 0,
  [OP.clip]: 0,
  [OP.image]: 5,
};

export const BLENDS = [
  'source-over',
  'multiply',
  'screen',
  'overlay',
  'darken',
  'lighten',
  'lighter',
  'difference',
  'soft-light',
  'hard-light',
] as const;
export const CAPS = ['butt', 'round', 'square'] as const;
export const JOINS = ['miter', 'round', 'bevel'] as const;
export const ALIGNS = ['left', 'center', 'right'] as const;
export const BASELINES = ['top', 'middle', 'alphabetic', 'bottom'] as const;

/** Numbers of one frame's list. More is refused: a picture that needs more is better made of pixels. */
export const LIST_LENGTH = 262_144;
/** Characters of one string, and of all that one frame names; each counts one more than it has. */
export const STRING_LENGTH = 2_000;
export const STRINGS_LENGTH = 1_000_000;
/** A table of more strings than these, or of more characters than a frame may name, begins anew with the next frame. */
export const STRINGS = 20_000;
/** Of a coordinate or a length, in either direction. */
export const FARTHEST = 100_000;
/** Of a transform: how much it may stretch, and how far move. */
export const STRETCH = 10_000;
export const SHIFT = 10_000_000;
/** Of a shadow, in pixels. */
export const BLUR = 400;
export const TEXT_SIZE = 4_000;
/** Stops of a gradient, lengths of a dash, and dashes that one frame may come to. */
export const STOPS = 32;
export const DASHES = 16;
export const DASH_COUNT = 100_000;
/** `save` without `restore`. */
export const DEPTH = 64;
/** Groups with an opacity or a blend, within each other: each may need a sheet as large as the picture. */
export const SHEETS = 8;
/** What a frame's drawing may cost, in nanoseconds by a rough and generous estimate. */
export const COST = 2_000_000_000;
