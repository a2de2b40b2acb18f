// The colours that a clip is made of. Gathered as the eye tells them apart: in Oklab.
import type { Analyser } from './analyser.ts';

const [FEWEST, MOST] = [5, 8];
const PICTURES = 60;
const ROUNDS = 16;
/** Bits of red, green and blue that are told apart where pixels are gathered. */
const BITS = 5;
/** In Oklab: colours closer than that are one. */
const ALIKE = 0.06;

/** Lightness, green to red, blue to yellow. */
type Lab = readonly [number, number, number];
interface Group {
  readonly color: Lab;
  /** Of all pixels. */
  readonly weight: number;
}

/** Five to eight colours as `#rrggbb`, the most frequent first; shades of them where the clip has fewer. */
export const palette: Analyser<readonly string[]> = {
  takes: ['pictures'],
  begin({ frames }) {
    const counts = new Float64Array(1 << (3 * BITS));
    const every = Math.max(1, Math.floor(frames / PICTURES));
    return {
      see(picture, frame) {
        if (frame % every !== 0) return;
        for (let at = 0; at < picture.length; at += 3) {
          const place = binOf(picture[at] ?? 0, picture[at + 1] ?? 0, picture[at + 2] ?? 0);
          counts[place] = (counts[place] ?? 0) + 1;
        }
      },
      end() {
        const bins = [...counts].flatMap((weight, at) => (weight > 0 ? [{ color: labOf(at), weight }] : []));
        return bins.length === 0 ? [] : withShades(merged(gathered(bins))).map(({ color }) => hexOf(color));
      },
    };
  },
};

const LEFT_OUT = 8 - BITS;
const binOf = (red: number, green: number, blue: number) =>
  ((red >> LEFT_OUT) << (2 * BITS)) | ((green >> LEFT_OUT) << BITS) | (blue >> LEFT_OUT);

function labOf(bin: number): Lab {
  const most = (1 << BITS) - 1;
  const [red = 0, green = 0, blue = 0] = [bin >> (2 * BITS), bin >> BITS, bin].map((bits) =>
    linear((bits & most) / most),
  );
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const middle = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  return [
    0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
  ];
}

const linear = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const gamma = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);

function hexOf([light, red, yellow]: Lab): string {
  const long = (light + 0.3963377774 * red + 0.2158037573 * yellow) ** 3;
  const middle = (light - 0.1055613458 * red - 0.0638541728 * yellow) ** 3;
  const short = (light - 0.0894841775 * red - 1.291485548 * yellow) ** 3;
  const parts = [
    4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
    -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
    -0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short,
  ];
  const bytes = parts.map((part) => Math.round(255 * Math.min(1, Math.max(0, gamma(Math.max(0, part))))));
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

const distance = (one: Lab, other: Lab) =>
  (one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2 + (one[2] - other[2]) ** 2;

/** Around means that begin as far from each other as they can, the first where most is: no chance decides. */
function gathered(bins: readonly Group[]): Group[] {
  const first = bins.reduce((most, bin) => (bin.weight > most.weight ? bin : most)).color;
  const means: Lab[] = [first];
  const off = bins.map(({ color }) => distance(color, first));
  while (means.length < Math.min(MOST, bins.length)) {
    // What is rare is no beginning, however far it is from all others.
    const far = bins.reduce(
      (best, { weight }, at) => (score(weight, off[at]) > score(bins[best]?.weight, off[best]) ? at : best),
      0,
    );
    const next = bins[far]?.color ?? first;
    means.push(next);
    bins.forEach(({ color }, at) => {
      off[at] = Math.min(off[at] ?? 0, distance(color, next));
    });
  }
  let groups: Group[] = means.map((color) => ({ color, weight: 0 }));
  for (let round = 0; round < ROUNDS; round++) groups = aroundMeans(bins, groups);
  return groups.filter(({ weight }) => weight > 0);
}

const score = (weight = 0, off = 0) => Math.sqrt(weight) * off;

function aroundMeans(bins: readonly Group[], groups: readonly Group[]): Group[] {
  const sums = groups.map(() => [0, 0, 0, 0]);
  for (const { color, weight } of bins) {
    let [nearest, least] = [0, Number.POSITIVE_INFINITY];
    groups.forEach((group, at) => {
      const off = distance(color, group.color);
      if (off < least) [nearest, least] = [at, off];
    });
    const sum = sums[nearest];
    [...color, 1].forEach((part, at) => {
      if (sum) sum[at] = (sum[at] ?? 0) + weight * part;
    });
  }
  return sums.map(([light = 0, red = 0, yellow = 0, weight = 0], at) =>
    weight === 0
      ? { color: groups[at]?.color ?? [0, 0, 0], weight }
      : { color: [light / weight, red / weight, yellow / weight], weight },
  );
}

/** Those that look alike become one, and what is left is ordered by how much of the clip it is. */
function merged(groups: readonly Group[]): Group[] {
  const kept: Group[] = [];
  for (const group of groups.toSorted((a, b) => b.weight - a.weight)) {
    const like = kept.findIndex(({ color }) => distance(color, group.color) < ALIKE ** 2);
    const [found] = like < 0 ? [] : kept.splice(like, 1);
    const weight = group.weight + (found?.weight ?? 0);
    kept.push({ color: found?.color ?? group.color, weight });
  }
  return kept.sort((a, b) => b.weight - a.weight);
}

/** Lighter and darker by turns, until there are enough to work with. */
function withShades(groups: readonly Group[]): Group[] {
  const all = [...groups];
  for (let turn = 0; all.length < FEWEST; turn++) {
    const { color = [0.5, 0, 0] } = groups[turn % groups.length] ?? {};
    const by = 0.15 * (1 + Math.floor(turn / 2 / groups.length));
    const isDark = color[0] < 0.5;
    const light = (turn % 2 === 0) === isDark ? color[0] + by : color[0] - by;
    all.push({ color: [Math.min(1, Math.max(0, light)), color[1], color[2]], weight: 0 });
  }
  return all;
}
