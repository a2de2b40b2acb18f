import { beforeAll, describe, expect, test } from 'vitest';
import { colourful, play } from './pixels.ts';
import type { Played } from './play-pixels.ts';

/** The same, said in JavaScript and in Python. */
const OPERATIONS: readonly (readonly [name: string, javascript: string, python: string])[] = [
  ['lookup', 'px.lookup(Array.from({ length: 256 }, (_, v) => 255 - v))', 'px.lookup([255 - v for v in range(256)])'],
  [
    'lookup of two channels',
    'px.lookup({ r: Array(256).fill(9.5), a: Array(256).fill(300) })',
    'px.lookup(r=[9.5] * 256, a=[300] * 256)',
  ],
  [
    'matrix of three rows',
    'px.matrix([0.3, 0.6, 0.1, 5, 0, 1.5, 0, -30, 0.5, 0, 0.5, 0])',
    'px.matrix([0.3, 0.6, 0.1, 5, 0, 1.5, 0, -30, 0.5, 0, 0.5, 0])',
  ],
  [
    'matrix of four rows',
    'px.matrix([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0.2, 0, 0, 0.5, 1])',
    'px.matrix([0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0.2, 0, 0, 0.5, 1])',
  ],
  ['blur', 'px.blur(3)', 'px.blur(3)'],
  ['threshold', 'px.threshold(100.5, { light: "gold" })', 'px.threshold(100.5, light="gold")'],
  ['displace by numbers', 'px.displace(2, -1)', 'px.displace(2, -1)'],
  [
    'displace by expressions',
    'px.displace(({ y }) => y.mul(0.7).sin().mul(3), ({ u }) => u.mul(2), { smooth: true })',
    'px.displace(sin(px.y * 0.7) * 3, lambda p: p.u * 2, smooth=True)',
  ],
  [
    'displace by a map',
    'const map = px.copy().blur(2); px.displace(map, map, { scale: 5 })',
    'map = px.copy().blur(2); px.displace(map, map, scale=5)',
  ],
  ...[
    'normal',
    'multiply',
    'screen',
    'overlay',
    'darken',
    'lighten',
    'add',
    'difference',
    'soft-light',
    'hard-light',
  ].map(
    (mode) =>
      [`blend ${mode}`, `px.blend('#3366cc80', '${mode}', 0.7)`, `px.blend("#3366cc80", "${mode}", 0.7)`] as const,
  ),
  ['blend a picture', 'px.blend(px.copy().blur(4), "screen")', 'px.blend(px.copy().blur(4), "screen")'],
  [
    'chroma key',
    'px.chromaKey("#20c040", { tolerance: 0.3, spill: 0.8 })',
    'px.chroma_key("#20c040", tolerance=0.3, spill=0.8)',
  ],
  [
    'chroma key before a picture',
    'px.chromaKey("#20c040", { background: px.copy().lookup(Array(256).fill(7)) })',
    'px.chroma_key("#20c040", background=px.copy().lookup([7] * 256))',
  ],
  ['a region', 'px.region(3, 2, 8, 5).blur(2).threshold(90)', 'px.region(3, 2, 8, 5).blur(2).threshold(90)'],
  ['a region as numpy has it', 'px.region(3, 2, 8, 5).lookup(Array(256).fill(0))', 'px[2:7, 3:11] = 0'],
  [
    'histogram',
    'px.data[0] = px.histogram().luma[100] + px.histogram().r[3]',
    'h = px.histogram(); px.data[0] = h.luma[100] + h.r[3]',
  ],
  ['data', 'px.data[5] = 77; px.blur(1); px.data[9] = px.data[8]', 'd = px.data; d[5] = 77; px.blur(1); d[9] = d[8]'],
  [
    'a kernel',
    'px.map(({ r, g, b, x, where }) => [r.mul(1.2), g, where(x.gt(5), b, 0)])',
    'px.map(lambda p: (p.r * 1.2, p.g, where(p.x > 5, p.b, 0)))',
  ],
  ['a kernel of one value', 'px.map(({ luma }) => luma)', 'px.map(lambda p: p.luma)'],
  [
    'a kernel of four values',
    'px.map(({ a, b, g, r }) => [b, g, r, a.div(3)])',
    'px.map(lambda p: (p.b, p.g, p.r, p.a / 3))',
  ],
  [
    'a kernel that looks around',
    'px.map((p) => p.sample(p.width - 1, p.y)); px.map((p) => p.sample(p.x.add(0.25), p.y.mul(0.5), { smooth: true }))',
    'px.map(lambda p: p.sample(p.width - 1, p.y)); px.map(lambda p: p.sample(p.x + 0.25, p.y * 0.5, smooth=True))',
  ],
  [
    'a kernel of two pictures',
    'px.map((p, soft) => [p.r.mul(2).sub(soft.r), p.g.mul(2).sub(soft.g), soft.b], px.copy().blur(2))',
    'px.map(lambda p, soft: (p.r * 2 - soft.r, p.g * 2 - soft.g, soft.b), px.copy().blur(2))',
  ],
  [
    'every operation of a kernel',
    `px.map(({ r, g, b, x, y, u, v, where, value, noise }) => [
      r.pow(1.1).add(g.mod(7)).sub(b.div(3)).min(200).max(x.neg().mod(5)).add(r.ne(g)),
      where(r.lt(g).and(g.le(b)).or(x.eq(y).not()), u.mul(300).floor(), v.mul(99.5).round()).add(r.ge(100)).add(g.gt(7)),
      value(2).sub(b).abs().sqrt().mul(x.sin().add(y.cos())).add(y.atan2(x)).add(x.div(9).exp()).add(r.add(1).log()).add(noise(4.5).mul(20)),
    ])`,
    `px.map(lambda p: (
      maximum(minimum(p.r ** 1.1 + p.g % 7 - p.b / 3, 200), -p.x % 5) + (p.r != p.g),
      where((p.r < p.g) & (p.g <= p.b) | ~(p.x == p.y), floor(p.u * 300), round(p.v * 99.5)) + (p.r >= 100) + (p.g > 7),
      sqrt(abs(2 - p.b)) * (sin(p.x) + cos(p.y)) + atan2(p.y, p.x) + exp(p.x / 9) + log(p.r + 1) + noise(4.5) * 20,
    ))`,
  ],
  [
    'clamp and mix',
    'px.map(({ r, g, b }) => [r.clamp(50, 99), g.mix(b, 0.3), r.mix(0, g.div(255))])',
    'px.map(lambda p: (clip(p.r, 50, 99), mix(p.g, p.b, 0.3), mix(p.r, 0, p.g / 255)))',
  ],
];

/** What is said only in Python, and what it comes to. */
const PLANES: readonly (readonly [name: string, javascript: string, python: string])[] = [
  ['one channel', 'px.map(({ r, g, b }) => [r.sub(128).mul(1.2).add(128), g, b])', 'px.r = (px.r - 128) * 1.2 + 128'],
  ['all colours', 'px.map(({ r, g, b }) => [r.mul(0.5), g.mul(0.5), b.mul(0.5)])', 'px.rgb *= 0.5'],
  [
    'colours each by its own',
    'px.map(({ r, g, b }) => [r, g.mul(0.5), b.mul(0.1)])',
    'px.rgb = px.rgb * (1, 0.5, 0.1)',
  ],
  ['channels that change places', 'px.map(({ r, g, b }) => [b, g, r])', 'px.r, px.b = px.b, px.r'],
  [
    'one assignment after the other, each rounded',
    'px.map(({ r, g, b }) => [r.mul(1.3), g, b]); px.map(({ r, g, b }) => [r.div(3), g, r]); px.map(({ r, g, b }) => [r.mul(3), g, b])',
    'px.r *= 1.3; px.r, px.b = px.r / 3, px.r; px.r *= 3',
  ],
  [
    'a mask that was made before',
    'px.map(({ r, g, b, luma, where }) => { const m = luma.gt(128); return [where(m, 255, r.mul(0.5)), where(m, 0, g.mul(0.5)), where(m, 0, b.mul(0.5))] })',
    'mask = px.luma > 128; px.rgb *= 0.5; px[mask] = "#ff0000"',
  ],
  [
    'what a mask shows, changed',
    'px.map(({ r, g, b, x, where }) => [where(x.lt(4), r.mul(0.5), r), where(x.lt(4), g.mul(0.5), g), where(x.lt(4), b.mul(0.5), b)])',
    'px[px.x < 4] *= 0.5',
  ],
  [
    'a value that outlives the picture it was taken from, as it stands in it',
    'px.map(({ r, g, b }) => [r.mul(1.5), g, b]); px.map((p) => [p.r.sub(p.sample(p.x.add(1), p.y).r), p.g, p.b])',
    'px.r *= 1.5; px.r = px.r - px.sample(px.x + 1, px.y).r',
  ],
  [
    'a value made of what was assigned, after it was done',
    'px.map(({ r, g, b }) => [r.mul(1.5), g, b]); px.map((p) => [p.r, p.r.mul(2), p.sample(p.x.add(1), p.y).b])',
    'px.r *= 1.5; twice = px.r * 2; px.b = px.sample(px.x + 1, px.y).b; px.g = twice',
  ],
  [
    'two pictures, of which one changes later',
    'const soft = px.copy().blur(3); px.map((p, s) => [p.r.sub(s.r), p.g.sub(s.g), p.b.sub(s.b)], soft); soft.map(() => 0); px.map((p, s) => [p.r.add(s.r), p.g, p.b], soft)',
    'soft = px.copy().blur(3); px.rgb = px.rgb - soft.rgb; soft.rgb = 0; px.r = px.r + soft.r',
  ],
  [
    'a region and its picture, in turns',
    'const part = px.region(2, 2, 9, 9); px.map(({ r, g, b }) => [r.div(2), g, b]); part.map(({ r, g, b }) => [r.add(50), g, b]); px.map(({ r, g, b }) => [r.mul(2), g, b])',
    'part = px.region(2, 2, 9, 9); px.r /= 2; part.r += 50; px.r *= 2',
  ],
  [
    'a loop of many assignments',
    'for (let i = 0; i < 200; i++) px.map(({ r, g, b }) => [r.add(g.div(50)), g, b])',
    'for i in range(200): px.r += px.g / 50',
  ],
  [
    'bytes and planes, in turns',
    'px.data[0] = 9; px.map(({ r, g, b }) => [r.add(1), g, b]); px.data[4] = px.data[0]; px.map(({ r, g, b }) => [r.add(1), g, b])',
    'd = px.data; d[0] = 9; px.r += 1; d[4] = d[0]; px.r += 1',
  ],
  ['a colour for all', 'px.map(() => [0, 128, 0, 255])', 'px.map(lambda p: "green")'],
];

const all = [...OPERATIONS, ...PLANES];
const javascript = `import { effect } from '@plinth/sdk/effect';
const operations = [${all.map(([, code]) => `(px) => { ${code} }`).join(',\n')}];
export default effect({ title: 'All', frame({ pixels, index }) { operations[index](pixels) } });`;
const python = `from plinth import *
${all.map(([, , code], at) => `def op${at}(px):\n    ${code}\n`).join('')}
@effect(title="All")
def frame(f):
    globals()[f"op{f.index}"](f.pixels)
`;

let played: Record<'js' | 'py', Played>;
beforeAll(async () => {
  played = { js: await play('all.js', javascript, all.length), py: await play('all.py', python, all.length) };
}, 120_000);

test('a value of a picture that has changed since is told where it is used', async () => {
  const text = `from plinth import *
@effect(title="Late")
def frame(f):
    mask = f.pixels.luma > 3
    f.pixels.blur(2)
    f.pixels[mask] = 0
`;
  const { frames } = await play('late.py', text);
  expect(frames[0]).toMatchObject({ error: expect.stringContaining('take it again'), stack: 'at frame (late.py:6:5)' });
});

describe('JavaScript and Python make the same bytes of', () => {
  test.each(all.map(([name], at) => [name, at] as const))('%s', (_name, at) => {
    const [js, py] = [played.js.frames[at], played.py.frames[at]];
    expect(py).toEqual(js);
    expect(js?.error).toBeUndefined();
    expect(js?.picture).not.toBe(Buffer.from(colourful()).toString('base64'));
  });
});
