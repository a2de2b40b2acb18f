// Contrast of colours as WCAG 2 defines it.

export type Text = 'white' | 'black';

/** From 1 (the same) to 21 (black on white). */
export function contrast(colour: string, text: Text): number {
  const luminance = luminanceOf(channels(colour));
  return text === 'white' ? 1.05 / (luminance + 0.05) : (luminance + 0.05) / 0.05;
}

/** The text colour that is easier to read. One of the two always reaches 4.58. */
export function legibleText(colour: string): Text {
  return contrast(colour, 'white') >= contrast(colour, 'black') ? 'white' : 'black';
}

/** The colour moved as little as needed: towards black for white text, towards white for black. */
export function nearestLegible(colour: string, text: Text, least: number): string {
  const end = text === 'white' ? 0 : 255;
  for (let step = 0; step <= 255; step += 1) {
    const moved = hex(channels(colour).map((value) => Math.round(value + ((end - value) * step) / 255)));
    if (contrast(moved, text) >= least) return moved;
  }
  return text === 'white' ? '#000000' : '#ffffff';
}

function luminanceOf(rgb: readonly number[]): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(colour: string): number[] {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}

const hex = (rgb: readonly number[]): string => `#${rgb.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
