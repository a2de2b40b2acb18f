// AssemblyScript. Premultiplied RGBA laid over I420, in place. Where nothing is drawn the planes keep their bytes.
import { byte, greenAlphaToY, redBlueToY } from './coefficients';
import { greenAlpha, redBlue, single, sumOf, sums, uOf, vOf, weighed } from './light';

/** A layer of `width` by `height`, onto planes from where the pointers point on. */
export function blend(layer: usize, y: usize, u: usize, v: usize, stride: i32, width: i32, height: i32): void {
  const half = (stride + 1) >> 1;
  for (let row = 0; row < height; row += 2) {
    const two = row + 1 < height;
    const from = layer + row * width * 4;
    const rowY = y + row * stride;
    const rowU = u + (row >> 1) * half;
    const rowV = v + (row >> 1) * half;
    let x = 0;
    // Nothing may be laid over twice: a last row without a partner is left to the narrow way, and no blocks overlap.
    if (two) {
      for (; x + 16 <= width; x += 16) {
        block(from + x * 4, width * 4, rowY + x, stride, rowU + (x >> 1), rowV + (x >> 1));
      }
    }
    for (; x < width; x += 2) {
      const right = x + 1 < width ? 1 : 0;
      four(from + x * 4, right, two ? width * 4 : 0, rowY + x, two ? stride : 0, rowU + (x >> 1), rowV + (x >> 1));
    }
  }
}

@inline
function block(from: usize, under: i32, y: usize, down: i32, u: usize, v: usize): void {
  const a0 = v128.load(from);
  const a1 = v128.load(from, 16);
  const a2 = v128.load(from, 32);
  const a3 = v128.load(from, 48);
  const b0 = v128.load(from + under);
  const b1 = v128.load(from + under, 16);
  const b2 = v128.load(from + under, 32);
  const b3 = v128.load(from + under, 48);
  const any = v128.or(v128.or(v128.or(a0, a1), v128.or(a2, a3)), v128.or(v128.or(b0, b1), v128.or(b2, b3)));
  if (!v128.any_true(any)) return;
  const above = v128.load(y);
  const below = v128.load(y + down);
  v128.store(
    y,
    i8x16.narrow_i16x8_u(
      over(a0, a1, i16x8.extend_low_i8x16_u(above)),
      over(a2, a3, i16x8.extend_high_i8x16_u(above)),
    ),
  );
  v128.store(
    y + down,
    i8x16.narrow_i16x8_u(
      over(b0, b1, i16x8.extend_low_i8x16_u(below)),
      over(b2, b3, i16x8.extend_high_i8x16_u(below)),
    ),
  );
  const rbLeft = sums(redBlue(a0), redBlue(a1), redBlue(b0), redBlue(b1));
  const gaLeft = sums(greenAlpha(a0), greenAlpha(a1), greenAlpha(b0), greenAlpha(b1));
  const rbRight = sums(redBlue(a2), redBlue(a3), redBlue(b2), redBlue(b3));
  const gaRight = sums(greenAlpha(a2), greenAlpha(a3), greenAlpha(b2), greenAlpha(b3));
  const rest = chromaRest(gaLeft, gaRight);
  tint(u, chroma64(uOf(rbLeft, gaLeft), uOf(rbRight, gaRight)), rest);
  tint(v, chroma64(vOf(rbLeft, gaLeft), vOf(rbRight, gaRight)), rest);
}

/** Y of eight pixels, drawn over what was there. */
@inline
function over(left: v128, right: v128, y: v128): v128 {
  const gaLeft = greenAlpha(left);
  const gaRight = greenAlpha(right);
  const light = i16x8.narrow_i32x4_s(
    i32x4.shr_s(weighed(redBlue(left), gaLeft, redBlueToY, greenAlphaToY), 9),
    i32x4.shr_s(weighed(redBlue(right), gaRight, redBlueToY, greenAlphaToY), 9),
  );
  const alpha = i16x8.narrow_i32x4_s(i32x4.shr_u(gaLeft, 16), i32x4.shr_u(gaRight, 16));
  // A rest of 255 becomes 32767, which leaves all bytes as they are.
  const clear = i16x8.sub(i16x8.splat(255), alpha);
  const rest = i16x8.add(i16x8.shl(clear, 7), i16x8.shr_u(clear, 1));
  const kept = i16x8.q15mulr_sat_s(i16x8.shl(y, 6), rest);
  return i16x8.shr_s(i16x8.add(i16x8.add(light, kept), i16x8.splat(32)), 6);
}

/** Times 64, of the sums of four. */
@inline
function chroma64(left: v128, right: v128): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(left, 11), i32x4.shr_s(right, 11));
}

@inline
function chromaRest(gaLeft: v128, gaRight: v128): v128 {
  const alpha = i16x8.narrow_i32x4_s(i32x4.shr_u(gaLeft, 16), i32x4.shr_u(gaRight, 16));
  const clear = i16x8.sub(i16x8.splat(1020), alpha);
  return i16x8.add(i16x8.shl(clear, 5), i16x8.shr_u(clear, 3));
}

@inline
function tinted(was: v128, color: v128, rest: v128): v128 {
  const kept = i16x8.q15mulr_sat_s(i16x8.shl(i16x8.sub(was, i16x8.splat(128)), 6), rest);
  return i16x8.shr_s(i16x8.add(i16x8.add(color, kept), i16x8.splat(128 * 64 + 32)), 6);
}

@inline
function tint(at: usize, color: v128, rest: v128): void {
  const now = tinted(i16x8.extend_low_i8x16_u(v128.load64_zero(at)), color, rest);
  v128.store64_lane(at, i8x16.narrow_i16x8_u(now, now), 0);
}

/** Two by two pixels, or what there is of them. */
function four(from: usize, right: i32, under: i32, y: usize, down: i32, u: usize, v: usize): void {
  const a = single(from);
  const b = single(from + right * 4);
  const c = single(from + under);
  const d = single(from + under + right * 4);
  overOne(a, y);
  if (right > 0) overOne(b, y + 1);
  if (down > 0) overOne(c, y + down);
  if (down > 0 && right > 0) overOne(d, y + down + 1);
  const rb = sumOf(redBlue(a), redBlue(b), redBlue(c), redBlue(d));
  const ga = sumOf(greenAlpha(a), greenAlpha(b), greenAlpha(c), greenAlpha(d));
  const rest = chromaRest(ga, ga);
  tintOne(u, chroma64(uOf(rb, ga), uOf(rb, ga)), rest);
  tintOne(v, chroma64(vOf(rb, ga), vOf(rb, ga)), rest);
}

function overOne(pixel: v128, y: usize): void {
  const now = over(pixel, pixel, i16x8.splat(<i16>load<u8>(y)));
  store<u8>(y, byte(i16x8.extract_lane_s(now, 0)));
}

function tintOne(at: usize, color: v128, rest: v128): void {
  const now = tinted(i16x8.splat(<i16>load<u8>(at)), color, rest);
  store<u8>(at, byte(i16x8.extract_lane_s(now, 0)));
}
