// What separates the kinds of video colour: how much each of red, green and blue weighs, and which bytes are black and white.

/** BT.601 for standard definition, BT.709 for the rest. */
export type Matrix = 'bt601' | 'bt709';
/** From 16 to 235 (colours to 240) as video usually is, or from 0 to 255. */
export type Range = 'limited' | 'full';

const WEIGHTS = { bt601: { red: 0.299, blue: 0.114 }, bt709: { red: 0.2126, blue: 0.0722 } } as const;
const SCALES = {
  limited: { black: 16, luma: 219 / 255, chroma: 224 / 255 },
  full: { black: 0, luma: 1, chroma: 1 },
} as const;

/** The arguments of the kernels' `setForward` (YUV to RGB) and `setBackward` (RGB to YUV), in their order. */
export function coefficients(matrix: Matrix, range: Range): { forward: number[]; backward: number[] } {
  const { red, blue } = WEIGHTS[matrix];
  const { black, luma, chroma } = SCALES[range];
  const green = 1 - red - blue;
  const [fromRed, fromBlue] = [2 * (1 - red), 2 * (1 - blue)];
  const forward = [
    1 / luma,
    fromRed / chroma,
    (-fromBlue * blue) / green / chroma,
    (-fromRed * red) / green / chroma,
    fromBlue / chroma,
  ];
  const row = (r: number, b: number, sum: number) => {
    const [rounded, roundedBlue] = [Math.round(r * 32_768), Math.round(b * 32_768)];
    // Green takes the rest, so that white is white and grey has no colour at all.
    return [rounded, Math.round(sum * 32_768) - rounded - roundedBlue, roundedBlue];
  };
  return {
    forward: [black, ...forward.map((factor) => Math.round(factor * 8_192))],
    backward: [
      ...row(red * luma, blue * luma, luma),
      ...row((-red / fromBlue) * chroma, 0.5 * chroma, 0),
      ...row(0.5 * chroma, (-blue / fromRed) * chroma, 0),
      Math.round((black / 255) * 32_768),
    ],
  };
}
