// Pictures, ready to be drawn at any size. What draws them looks at four pixels for each that it makes: of a picture ten
// times as large it would leave most out, and fine lines would flicker. So it is halved until it is near the asked size.

/** One size of a picture, as `drawImage` takes it. */
interface Level {
  readonly width: number;
  readonly pixels: number;
  readonly source: unknown;
}

export interface DrawableImage {
  /** As it says itself. */
  readonly width: number;
  readonly height: number;
  /** Each half as wide as the one before. */
  readonly levels: readonly Level[];
}

/** A new, empty canvas. */
export type MakeCanvas = (
  width: number,
  height: number,
) => {
  drawImage(source: unknown, x: number, y: number, width: number, height: number): void;
  readonly canvas: unknown;
};

/** Below it nothing is gained. */
const SMALLEST = 16;

/** @example drawableOf(bitmap, bitmap, (width, height) => new OffscreenCanvas(width, height).getContext('2d')) */
export function drawableOf(
  source: unknown,
  size: { readonly width: number; readonly height: number },
  makeCanvas: MakeCanvas,
): DrawableImage {
  const levels: Level[] = [];
  let [width, height, from] = [Math.max(1, Math.round(size.width)), Math.max(1, Math.round(size.height)), source];
  for (;;) {
    const context = makeCanvas(width, height);
    context.drawImage(from, 0, 0, width, height);
    levels.push({ width, pixels: width * height, source: context.canvas });
    if (width <= SMALLEST || height <= SMALLEST) return { ...size, levels };
    [width, height, from] = [Math.ceil(width / 2), Math.ceil(height / 2), context.canvas];
  }
}

/** The smallest of its sizes that is not smaller than what is drawn. */
export function levelFor({ levels }: DrawableImage, width: number): unknown {
  return (levels.findLast((level) => level.width >= width) ?? levels[0])?.source;
}
