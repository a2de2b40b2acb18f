// Between the colours of video and those of drawing: limited BT.709, 8-bit 4:2:0, to RGBA and back.

/** Straight yuva420p from premultiplied RGBA. Where nothing is drawn it is black, and transparent. */
export function toYuva(rgba: Uint8Array, width: number, height: number, out: Uint8Array): void {
  const [size, half] = [width * height, (width / 2) * (height / 2)];
  const [u, v, a] = [size, size + half, size + 2 * half];
  for (let at = 0; at < size; at++) {
    const alpha = rgba[4 * at + 3] ?? 0;
    out[a + at] = alpha;
    const scale = alpha === 0 ? 0 : 255 / alpha;
    out[at] = luma((rgba[4 * at] ?? 0) * scale, (rgba[4 * at + 1] ?? 0) * scale, (rgba[4 * at + 2] ?? 0) * scale);
  }
  eachPair(rgba, width, height, (at, red, green, blue, alpha) => {
    const scale = alpha === 0 ? 0 : 255 / alpha;
    out[u + at] = chromaBlue(red * scale, green * scale, blue * scale);
    out[v + at] = chromaRed(red * scale, green * scale, blue * scale);
  });
}

export function toRgba(planes: Uint8Array, width: number, height: number, rgba: Uint8ClampedArray | Uint8Array): void {
  const [size, half] = [width * height, (width / 2) * (height / 2)];
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      const pair = (y >> 1) * (width / 2) + (x >> 1);
      const light = 1.164384 * ((planes[at] ?? 0) - 16);
      const [blue, red] = [(planes[size + pair] ?? 0) - 128, (planes[size + half + pair] ?? 0) - 128];
      rgba[4 * at] = clamp(light + 1.792741 * red);
      rgba[4 * at + 1] = clamp(light - 0.213249 * blue - 0.532909 * red);
      rgba[4 * at + 2] = clamp(light + 2.112402 * blue);
      rgba[4 * at + 3] = 255;
    }
}

export function fromRgba(
  rgba: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
  planes: Uint8Array,
): void {
  const [size, half] = [width * height, (width / 2) * (height / 2)];
  for (let at = 0; at < size; at++) planes[at] = luma(rgba[4 * at] ?? 0, rgba[4 * at + 1] ?? 0, rgba[4 * at + 2] ?? 0);
  eachPair(rgba, width, height, (at, red, green, blue) => {
    planes[size + at] = chromaBlue(red, green, blue);
    planes[size + half + at] = chromaRed(red, green, blue);
  });
}

const clamp = (value: number) => Math.max(0, Math.min(255, Math.round(value)));
const luma = (r: number, g: number, b: number) => Math.round(16 + 0.182586 * r + 0.614231 * g + 0.062007 * b);
const chromaBlue = (r: number, g: number, b: number) => Math.round(128 - 0.100644 * r - 0.338572 * g + 0.439216 * b);
const chromaRed = (r: number, g: number, b: number) => Math.round(128 + 0.439216 * r - 0.398942 * g - 0.040274 * b);

/** The mean of each group of four pixels. */
function eachPair(
  rgba: Uint8ClampedArray | Uint8Array,
  width: number,
  height: number,
  use: (at: number, red: number, green: number, blue: number, alpha: number) => void,
): void {
  for (let y = 0, pair = 0; y < height; y += 2)
    for (let x = 0; x < width; x += 2, pair++) {
      const one = 4 * (y * width + x);
      const two = one + 4 * width;
      const mean = (channel: number) =>
        ((rgba[one + channel] ?? 0) +
          (rgba[one + 4 + channel] ?? 0) +
          (rgba[two + channel] ?? 0) +
          (rgba[two + 4 + channel] ?? 0)) /
        4;
      use(pair, mean(0), mean(1), mean(2), mean(3));
    }
}

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Premultiplied RGBA laid over a part of the planes. */
export function blend(rgba: Uint8Array, box: Rect, planes: Uint8Array, width: number, height: number): void {
  const [size, half] = [width * height, (width / 2) * (height / 2)];
  for (let y = 0; y < box.height; y++)
    for (let x = 0; x < box.width; x++) {
      const from = 4 * (y * box.width + x);
      const to = (box.y + y) * width + box.x + x;
      const rest = 1 - (rgba[from + 3] ?? 0) / 255;
      const drawn = 0.182586 * (rgba[from] ?? 0) + 0.614231 * (rgba[from + 1] ?? 0) + 0.062007 * (rgba[from + 2] ?? 0);
      planes[to] = Math.round(drawn + 16 * (1 - rest) + (planes[to] ?? 0) * rest);
    }
  const across = box.width / 2;
  eachPair(rgba, box.width, box.height, (at, r, g, b, alpha) => {
    const to = (box.y / 2 + Math.floor(at / across)) * (width / 2) + box.x / 2 + (at % across);
    const rest = 1 - alpha / 255;
    const blue = chromaBlue(r, g, b) - 128;
    const red = chromaRed(r, g, b) - 128;
    planes[size + to] = Math.round(blue + 128 * (1 - rest) + (planes[size + to] ?? 0) * rest);
    planes[size + half + to] = Math.round(red + 128 * (1 - rest) + (planes[size + half + to] ?? 0) * rest);
  });
}
