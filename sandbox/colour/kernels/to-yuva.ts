// AssemblyScript. Premultiplied RGBA to yuva420p with straight colours, as FFmpeg lays it over video. Colour counts by its
// alpha: what is next to nothing must not turn dark or grey.
import { black, byte, greenToY, redBlueToY } from './coefficients';
import { greenAlpha, redBlue, single, sumOf, sums, uOf, vOf, weighed } from './light';

export function toYuva(rgba: usize, y: usize, u: usize, v: usize, a: usize, width: i32, height: i32): void {
  const half = (width + 1) >> 1;
  for (let row = 0; row < height; row += 2) {
    const down = row + 1 < height ? width : 0;
    const from = rgba + row * width * 4;
    const rowY = y + row * width;
    const rowA = a + row * width;
    const rowU = u + (row >> 1) * half;
    const rowV = v + (row >> 1) * half;
    let x = 0;
    for (; x + 16 <= width; x += 16) block(from + x * 4, rowY + x, rowU + (x >> 1), rowV + (x >> 1), rowA + x, down);
    // The last block may overlap the one before; only an odd last column is left over.
    if (x < width && width >= 16) {
      x = (width & ~1) - 16;
      block(from + x * 4, rowY + x, rowU + (x >> 1), rowV + (x >> 1), rowA + x, down);
      x += 16;
    }
    for (; x < width; x += 2) {
      const right = x + 1 < width ? 1 : 0;
      four(from + x * 4, right, rowY + x, rowU + (x >> 1), rowV + (x >> 1), rowA + x, down);
    }
  }
}

@inline
function block(from: usize, y: usize, u: usize, v: usize, a: usize, down: i32): void {
  const under = from + down * 4;
  const a0 = v128.load(from);
  const a1 = v128.load(from, 16);
  const a2 = v128.load(from, 32);
  const a3 = v128.load(from, 48);
  const b0 = v128.load(under);
  const b1 = v128.load(under, 16);
  const b2 = v128.load(under, 32);
  const b3 = v128.load(under, 48);
  const any = v128.or(v128.or(v128.or(a0, a1), v128.or(a2, a3)), v128.or(v128.or(b0, b1), v128.or(b2, b3)));
  if (!v128.any_true(any)) return nothing(y, u, v, a, down);
  v128.store(a, alphas(a0, a1, a2, a3));
  v128.store(a + down, alphas(b0, b1, b2, b3));
  v128.store(y, i8x16.narrow_i16x8_u(luma8(a0, a1), luma8(a2, a3)));
  v128.store(y + down, i8x16.narrow_i16x8_u(luma8(b0, b1), luma8(b2, b3)));
  const rbLeft = sums(redBlue(a0), redBlue(a1), redBlue(b0), redBlue(b1));
  const gaLeft = sums(greenAlpha(a0), greenAlpha(a1), greenAlpha(b0), greenAlpha(b1));
  const rbRight = sums(redBlue(a2), redBlue(a3), redBlue(b2), redBlue(b3));
  const gaRight = sums(greenAlpha(a2), greenAlpha(a3), greenAlpha(b2), greenAlpha(b3));
  tint(u, chroma4(uOf(rbLeft, gaLeft), gaLeft), chroma4(uOf(rbRight, gaRight), gaRight));
  tint(v, chroma4(vOf(rbLeft, gaLeft), gaLeft), chroma4(vOf(rbRight, gaRight), gaRight));
}

function nothing(y: usize, u: usize, v: usize, a: usize, down: i32): void {
  const dark = i8x16.splat(<i8>black);
  const clear = i8x16.splat(0);
  const grey = i8x16.splat(-128);
  v128.store(y, dark);
  v128.store(y + down, dark);
  v128.store(a, clear);
  v128.store(a + down, clear);
  v128.store64_lane(u, grey, 0);
  v128.store64_lane(v, grey, 0);
}

@inline
function alphas(one: v128, two: v128, three: v128, last: v128): v128 {
  return i8x16.narrow_i16x8_u(
    i16x8.narrow_i32x4_s(i32x4.shr_u(one, 24), i32x4.shr_u(two, 24)),
    i16x8.narrow_i32x4_s(i32x4.shr_u(three, 24), i32x4.shr_u(last, 24)),
  );
}

@inline
function luma8(left: v128, right: v128): v128 {
  return i16x8.narrow_i32x4_s(luma4(left), luma4(right));
}

@inline
function luma4(pixels: v128): v128 {
  const light = weighed(redBlue(pixels), greenAlpha(pixels), redBlueToY, greenToY);
  return quotient(light, i32x4.shr_u(pixels, 24), 255 / 32768, <f32>black);
}

/** Of sums of four, which brought their alphas with them. */
@inline
function chroma4(color: v128, ga: v128): v128 {
  return quotient(color, i32x4.shr_u(ga, 16), 255 / 32768, 128);
}

/** `value * scale / alpha + base`, rounded; `base` where there is no alpha. */
@inline
function quotient(value: v128, alpha: v128, scale: f32, base: f32): v128 {
  const by = f32x4.convert_i32x4_s(i32x4.max_s(alpha, i32x4.splat(1)));
  const part = f32x4.div(f32x4.mul(f32x4.convert_i32x4_s(value), f32x4.splat(scale)), by);
  return i32x4.trunc_sat_f32x4_s(f32x4.floor(f32x4.add(part, f32x4.splat(base + <f32>0.5))));
}

@inline
function tint(at: usize, left: v128, right: v128): void {
  const eight = i16x8.narrow_i32x4_s(left, right);
  v128.store64_lane(at, i8x16.narrow_i16x8_u(eight, eight), 0);
}

/** Two by two pixels, or what there is of them. */
function four(from: usize, right: i32, y: usize, u: usize, v: usize, a: usize, down: i32): void {
  const p = single(from);
  const q = single(from + right * 4);
  const r = single(from + down * 4);
  const s = single(from + (down + right) * 4);
  one(p, y, a);
  one(q, y + right, a + right);
  one(r, y + down, a + down);
  one(s, y + down + right, a + down + right);
  const rb = sumOf(redBlue(p), redBlue(q), redBlue(r), redBlue(s));
  const ga = sumOf(greenAlpha(p), greenAlpha(q), greenAlpha(r), greenAlpha(s));
  store<u8>(u, byte(i32x4.extract_lane(chroma4(uOf(rb, ga), ga), 0)));
  store<u8>(v, byte(i32x4.extract_lane(chroma4(vOf(rb, ga), ga), 0)));
}

function one(pixel: v128, y: usize, a: usize): void {
  store<u8>(a, <u8>(i32x4.extract_lane(pixel, 0) >>> 24));
  store<u8>(y, byte(i32x4.extract_lane(luma4(pixel), 0)));
}
