// AssemblyScript. What the kernels multiply by, set once for a clip: as vectors, and as numbers for the columns at the edge.
export let black: i32 = 0;

// To RGB: 8192 times the real factors. Products are q15, (a * b + 2^14) >> 15, of inputs times 128: results times 32.
export let yToRgb: v128 = i16x8.splat(0);
export let vToRed: v128 = i16x8.splat(0);
export let uToGreen: v128 = i16x8.splat(0);
export let vToGreen: v128 = i16x8.splat(0);
export let uToBlue: v128 = i16x8.splat(0);

// From RGB: 32768 times the real factors, in pairs: red and blue, green and alpha.
export let redBlueToY: v128 = i16x8.splat(0);
export let greenToY: v128 = i16x8.splat(0);
/** Here alpha brings the level of black with it. */
export let greenAlphaToY: v128 = i16x8.splat(0);
export let redBlueToU: v128 = i16x8.splat(0);
export let greenToU: v128 = i16x8.splat(0);
export let redBlueToV: v128 = i16x8.splat(0);
export let greenToV: v128 = i16x8.splat(0);

export function setForward(blackLevel: i32, y: i32, vr: i32, ug: i32, vg: i32, ub: i32): void {
  black = blackLevel;
  yToRgb = i16x8.splat(<i16>y);
  vToRed = i16x8.splat(<i16>vr);
  uToGreen = i16x8.splat(<i16>ug);
  vToGreen = i16x8.splat(<i16>vg);
  uToBlue = i16x8.splat(<i16>ub);
}

export function setBackward(
  ry: i32,
  gy: i32,
  by: i32,
  ru: i32,
  gu: i32,
  bu: i32,
  rv: i32,
  gv: i32,
  bv: i32,
  ay: i32,
): void {
  redBlueToY = pair(ry, by);
  greenToY = pair(gy, 0);
  greenAlphaToY = pair(gy, ay);
  redBlueToU = pair(ru, bu);
  greenToU = pair(gu, 0);
  redBlueToV = pair(rv, bv);
  greenToV = pair(gv, 0);
}

function pair(one: i32, two: i32): v128 {
  return i32x4.splat((one & 0xffff) | (two << 16));
}

@inline
export function byte(value: i32): u8 {
  return <u8>(value < 0 ? 0 : value > 255 ? 255 : value);
}
