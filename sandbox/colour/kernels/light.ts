// AssemblyScript. What all kernels share that start from RGBA. Four pixels are kept as two vectors of 16-bit numbers, red and
// blue in one, green and alpha in the other: then one instruction multiplies and adds both of a vector.
import { greenToU, greenToV, redBlueToU, redBlueToV } from './coefficients';

@inline
export function redBlue(four: v128): v128 {
  return v128.and(four, i32x4.splat(0x00ff00ff));
}

@inline
export function greenAlpha(four: v128): v128 {
  return i16x8.shr_u(four, 8);
}

@inline
export function weighed(rb: v128, ga: v128, toRb: v128, toGa: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(rb, toRb), i32x4.dot_i16x8_s(ga, toGa));
}

/** Sums of four groups of two by two pixels: `a` and `b` are eight of a row, `c` and `d` those below. */
@inline
export function sums(a: v128, b: v128, c: v128, d: v128): v128 {
  const left = i16x8.add(a, c);
  const right = i16x8.add(b, d);
  return i32x4.shuffle(i16x8.add(left, i64x2.shr_u(left, 32)), i16x8.add(right, i64x2.shr_u(right, 32)), 0, 2, 4, 6);
}

@inline
export function uOf(rb: v128, ga: v128): v128 {
  return weighed(rb, ga, redBlueToU, greenToU);
}

@inline
export function vOf(rb: v128, ga: v128): v128 {
  return weighed(rb, ga, redBlueToV, greenToV);
}

// The same for single pixels, at edges. They go through the same vectors, one at a time.

/** One pixel, or nothing but zeros. */
@inline
export function single(rgba: usize): v128 {
  return v128.load32_zero(rgba);
}

/** Two by two pixels as one sum; beyond an odd edge the last column or row counts twice. */
@inline
export function sumOf(four: v128, toRight: v128, below: v128, belowRight: v128): v128 {
  return i16x8.add(i16x8.add(four, toRight), i16x8.add(below, belowRight));
}
