// Colours as CSS writes them, to the numbers of the display list: 0xRRGGBBAA.

const NAMES: Readonly<Record<string, string>> = {
  transparent: '#00000000',
  black: '#000000',
  white: '#ffffff',
  gray: '#808080',
  grey: '#808080',
  silver: '#c0c0c0',
  red: '#ff0000',
  maroon: '#800000',
  orange: '#ffa500',
  gold: '#ffd700',
  yellow: '#ffff00',
  olive: '#808000',
  lime: '#00ff00',
  green: '#008000',
  teal: '#008080',
  aqua: '#00ffff',
  cyan: '#00ffff',
  turquoise: '#40e0d0',
  skyblue: '#87ceeb',
  blue: '#0000ff',
  navy: '#000080',
  indigo: '#4b0082',
  violet: '#ee82ee',
  purple: '#800080',
  magenta: '#ff00ff',
  fuchsia: '#ff00ff',
  pink: '#ffc0cb',
  hotpink: '#ff69b4',
  crimson: '#dc143c',
  coral: '#ff7f50',
  tomato: '#ff6347',
  salmon: '#fa8072',
  brown: '#a52a2a',
  chocolate: '#d2691e',
  beige: '#f5f5dc',
  ivory: '#fffff0',
};

const CACHED = 1_000;
const cache = new Map<string, number>();

/** The colour's number; an error that says what can be written, if it is none. */
export function parseColor(css: string): number {
  const known = cache.get(css);
  if (known !== undefined) return known;
  const color = typeof css === 'string' ? read(css.trim().toLowerCase()) : undefined;
  if (color === undefined) {
    throw new TypeError(
      `"${String(css).slice(0, 40)}" is not a colour. Write it as #rrggbb, #rrggbbaa, rgb(…), hsl(…) or a name such as "orange".`,
    );
  }
  if (cache.size >= CACHED) cache.clear();
  cache.set(css, color);
  return color;
}

/** The colour's number as CSS. */
export function cssOf(color: number): string {
  return `#${color.toString(16).padStart(8, '0')}`;
}

function read(css: string): number | undefined {
  if (css.startsWith('#')) return readHex(css.slice(1));
  const name = Object.hasOwn(NAMES, css) ? NAMES[css] : undefined;
  if (name !== undefined) return readHex(name.slice(1));
  const call = /^(rgb|hsl)a?\(([^()]*)\)$/.exec(css);
  if (!call) return undefined;
  const parts = (call[2] ?? '').split(/[\s,/]+/).filter((part) => part !== '');
  if (parts.length < 3 || parts.length > 4) return undefined;
  const alpha = portion(parts[3] ?? '1', 1);
  const rgb = call[1] === 'rgb' ? parts.slice(0, 3).map((part) => portion(part, 255)) : readHsl(parts);
  return rgb.some(Number.isNaN) || Number.isNaN(alpha) ? undefined : pack(rgb, alpha);
}

function readHex(hex: string): number | undefined {
  if (!/^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(hex)) return undefined;
  const full = hex.length < 6 ? [...hex].map((digit) => digit + digit).join('') : hex;
  return Number.parseInt(full.padEnd(8, 'f'), 16);
}

/** A number out of `whole`, or a percentage of it, as a part from 0 to 1. */
function portion(text: string, whole: number): number {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?%?$/.test(text)) return Number.NaN;
  const value = Number.parseFloat(text) / (text.endsWith('%') ? 100 : whole);
  return Math.max(0, Math.min(1, value));
}

function readHsl(parts: readonly string[]): number[] {
  const turn = /^([+-]?[\d.]+)(deg|turn|rad)?$/.exec(parts[0] ?? '');
  const inDegrees = { deg: 1, turn: 360, rad: 180 / Math.PI }[turn?.[2] ?? 'deg'] ?? 1;
  const hue = (Number(turn?.[1] ?? Number.NaN) * inDegrees) / 30;
  const [saturation, lightness] = [portion(parts[1] ?? '', 100), portion(parts[2] ?? '', 100)];
  const spread = saturation * Math.min(lightness, 1 - lightness);
  return [0, 8, 4].map((shift) => {
    const k = (((shift + hue) % 12) + 12) % 12;
    return lightness - spread * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  });
}

function pack(rgb: readonly number[], alpha: number): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => Math.round(part * 255));
  return red * 0x1000000 + (green << 16) + (blue << 8) + Math.round(alpha * 255);
}
