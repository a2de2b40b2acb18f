// AssemblyScript. RGBA to I420: alpha is of no account.
import { black, byte, greenToY, redBlueToY } from './coefficients';
import { greenAlpha, redBlue, single, sumOf, sums, uOf, vOf, weighed } from './light';

export function fromRgba(rgba: usize, y: usize, u: usize, v: usize, width: i32, height: i32): void {
  const half = (width + 1) >> 1;
  for (let row = 0; row < height; row += 2) {
    const down = row + 1 < height ? width : 0;
    const from = rgba + row * width * 4;
    const rowY = y + row * width;
    const rowU = u + (row >> 1) * half;
    const rowV = v + (row >> 1) * half;
    let x = 0;
    for (; x + 16 <= width; x += 16) block(from + x * 4, rowY + x, rowU + (x >> 1), rowV + (x >> 1), down);
    // The last block may overlap the one before; only an odd last column is left over.
    if (x < width && width >= 16) {
      x = (width & ~1) - 16;
      block(from + x * 4, rowY + x, rowU + (x >> 1), rowV + (x >> 1), down);
      x += 16;
    }
    for (; x < width; x += 2) four(from + x * 4, x + 1 < width ? 1 : 0, rowY + x, rowU + (x >> 1), rowV + (x >> 1), down);
  }
}

@inline
function block(from: usize, y: usize, u: usize, v: usize, down: i32): void {
  const under = from + down * 4;
  const a0 = v128.load(from);
  const a1 = v128.load(from, 16);
  const a2 = v128.load(from, 32);
  const a3 = v128.load(from, 48);
  const b0 = v128.load(under);
  const b1 = v128.load(under, 16);
  const b2 = v128.load(under, 32);
  const b3 = v128.load(under, 48);
  v128.store(y, i8x16.narrow_i16x8_u(luma8(a0, a1), luma8(a2, a3)));
  v128.store(y + down, i8x16.narrow_i16x8_u(luma8(b0, b1), luma8(b2, b3)));
  const rbLeft = sums(redBlue(a0), redBlue(a1), redBlue(b0), redBlue(b1));
  const gaLeft = sums(greenAlpha(a0), greenAlpha(a1), greenAlpha(b0), greenAlpha(b1));
  const rbRight = sums(redBlue(a2), redBlue(a3), redBlue(b2), redBlue(b3));
  const gaRight = sums(greenAlpha(a2), greenAlpha(a3), greenAlpha(b2), greenAlpha(b3));
  tint(u, uOf(rbLeft, gaLeft), uOf(rbRight, gaRight));
  tint(v, vOf(rbLeft, gaLeft), vOf(rbRight, gaRight));
}

@inline
function luma8(left: v128, right: v128): v128 {
  return i16x8.narrow_i32x4_s(luma4(left), luma4(right));
}

@inline
function luma4(pixels: v128): v128 {
  const light = weighed(redBlue(pixels), greenAlpha(pixels), redBlueToY, greenToY);
  return i32x4.shr_s(i32x4.add(light, i32x4.splat((black << 15) + (1 << 14))), 15);
}

@inline
function chroma4(sum: v128): v128 {
  return i32x4.shr_s(i32x4.add(sum, i32x4.splat((128 << 17) + (1 << 16))), 17);
}

@inline
function tint(at: usize, left: v128, right: v128): void {
  const eight = i16x8.narrow_i32x4_s(chroma4(left), chroma4(right));
  v128.store64_lane(at, i8x16.narrow_i16x8_u(eight, eight), 0);
}

/** Two by two pixels, or what there is of them. */
function four(from: usize, right: i32, y: usize, u: usize, v: usize, down: i32): void {
  const a = single(from);
  const b = single(from + right * 4);
  const c = single(from + down * 4);
  const d = single(from + (down + right) * 4);
  store<u8>(y, byte(i32x4.extract_lane(luma4(a), 0)));
  store<u8>(y + right, byte(i32x4.extract_lane(luma4(b), 0)));
  store<u8>(y + down, byte(i32x4.extract_lane(luma4(c), 0)));
  store<u8>(y + down + right, byte(i32x4.extract_lane(luma4(d), 0)));
  const rb = sumOf(redBlue(a), redBlue(b), redBlue(c), redBlue(d));
  const ga = sumOf(greenAlpha(a), greenAlpha(b), greenAlpha(c), greenAlpha(d));
  store<u8>(u, byte(i32x4.extract_lane(chroma4(uOf(rb, ga)), 0)));
  store<u8>(v, byte(i32x4.extract_lane(chroma4(vOf(rb, ga)), 0)));
}
