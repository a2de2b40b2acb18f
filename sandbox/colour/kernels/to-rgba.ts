// AssemblyScript. I420 to RGBA: two rows and sixteen columns at a time share their colour.
import { black, byte, uToBlue, uToGreen, vToGreen, vToRed, yToRgb } from './coefficients';

export function toRgba(y: usize, u: usize, v: usize, rgba: usize, width: i32, height: i32): void {
  const half = (width + 1) >> 1;
  for (let row = 0; row < height; row += 2) {
    const first = y + row * width;
    const second = row + 1 < height ? first + width : first;
    const firstOut = rgba + row * width * 4;
    const secondOut = row + 1 < height ? firstOut + width * 4 : firstOut;
    const rowU = u + (row >> 1) * half;
    const rowV = v + (row >> 1) * half;
    let x = 0;
    for (; x + 16 <= width; x += 16) block(first, second, rowU, rowV, firstOut, secondOut, x);
    // The last block may overlap the one before; only an odd last column is left over.
    if (x < width && width >= 16) {
      x = (width & ~1) - 16;
      block(first, second, rowU, rowV, firstOut, secondOut, x);
      x += 16;
    }
    for (; x < width; x++) {
      pixel(first + x, rowU + (x >> 1), rowV + (x >> 1), firstOut + x * 4);
      pixel(second + x, rowU + (x >> 1), rowV + (x >> 1), secondOut + x * 4);
    }
  }
}

@inline
function block(first: usize, second: usize, u: usize, v: usize, firstOut: usize, secondOut: usize, x: i32): void {
  const middle = i16x8.splat(128);
  const cu = i16x8.shl(i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(u + (x >> 1))), middle), 7);
  const cv = i16x8.shl(i16x8.sub(i16x8.extend_low_i8x16_u(v128.load64_zero(v + (x >> 1))), middle), 7);
  const rounding = i16x8.splat(16);
  const red = i16x8.add(i16x8.q15mulr_sat_s(cv, vToRed), rounding);
  const green = i16x8.add(
    i16x8.add(i16x8.q15mulr_sat_s(cu, uToGreen), i16x8.q15mulr_sat_s(cv, vToGreen)),
    rounding,
  );
  const blue = i16x8.add(i16x8.q15mulr_sat_s(cu, uToBlue), rounding);
  line(first + x, firstOut + x * 4, red, green, blue);
  line(second + x, secondOut + x * 4, red, green, blue);
}

@inline
function line(y: usize, out: usize, red: v128, green: v128, blue: v128): void {
  const luma = v128.load(y);
  const level = i16x8.splat(<i16>black);
  const low = i16x8.q15mulr_sat_s(i16x8.shl(i16x8.sub(i16x8.extend_low_i8x16_u(luma), level), 7), yToRgb);
  const high = i16x8.q15mulr_sat_s(i16x8.shl(i16x8.sub(i16x8.extend_high_i8x16_u(luma), level), 7), yToRgb);
  const r = bytes(low, high, red);
  const g = bytes(low, high, green);
  const b = bytes(low, high, blue);
  const a = i8x16.splat(-1);
  const rgLow = i8x16.shuffle(r, g, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const rgHigh = i8x16.shuffle(r, g, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const baLow = i8x16.shuffle(b, a, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const baHigh = i8x16.shuffle(b, a, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(out, i16x8.shuffle(rgLow, baLow, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(out, i16x8.shuffle(rgLow, baLow, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  v128.store(out, i16x8.shuffle(rgHigh, baHigh, 0, 8, 1, 9, 2, 10, 3, 11), 32);
  v128.store(out, i16x8.shuffle(rgHigh, baHigh, 4, 12, 5, 13, 6, 14, 7, 15), 48);
}

/** Sixteen of one channel; each colour serves two columns. */
@inline
function bytes(low: v128, high: v128, color: v128): v128 {
  const left = i16x8.add(low, i16x8.shuffle(color, color, 0, 0, 1, 1, 2, 2, 3, 3));
  const right = i16x8.add(high, i16x8.shuffle(color, color, 4, 4, 5, 5, 6, 6, 7, 7));
  return i8x16.narrow_i16x8_u(i16x8.shr_s(left, 5), i16x8.shr_s(right, 5));
}

function pixel(y: usize, u: usize, v: usize, out: usize): void {
  const light = q15((<i32>load<u8>(y) - black) << 7, yToRgb) + 16;
  const cu = (<i32>load<u8>(u) - 128) << 7;
  const cv = (<i32>load<u8>(v) - 128) << 7;
  store<u8>(out, byte((light + q15(cv, vToRed)) >> 5));
  store<u8>(out, byte((light + q15(cu, uToGreen) + q15(cv, vToGreen)) >> 5), 1);
  store<u8>(out, byte((light + q15(cu, uToBlue)) >> 5), 2);
  store<u8>(out, 255, 3);
}

/** The product as the vector instruction makes it, so that the last column comes out like the others. */
@inline
function q15(value: i32, factor: v128): i32 {
  return (value * <i32>i16x8.extract_lane_s(factor, 0) + 0x4000) >> 15;
}
