// Kernels and operations that mean harm: they come to a sentence, run nothing of their own and leave the picture.
import { beforeAll, describe, expect, test } from 'vitest';
import { checkedKernel } from '../pixels/kernel.ts';
import { textOf } from '../pixels/loop.ts';
import { openPixels } from '../pixels/picture.ts';
import { Spoken } from '../pixels/words.ts';
import { colourful, HEIGHT, play, WIDTH } from './pixels.ts';
import type { Played } from './play-pixels.ts';

const CANARY = 'plinthCanary';
const CODE = `0]; globalThis.${CANARY} = 1; [0`;
const untouched = Buffer.from(colourful()).toString('base64');

/** A kernel of one step, as another language may say it. */
const one = (...step: unknown[]) => ({ steps: [step], numbers: [1], results: [0, 0, 0, 0] });

describe('what another language says, whatever it is', () => {
  test.each<[string, unknown]>([
    ['no kernel', ['run', 1, undefined, []]],
    ['a kernel without an end', ['run', 1, { steps: [], numbers: [] }, []]],
    ['code for an operation', ['run', 1, one(CODE), []]],
    ['code for a picture', ['run', 1, one('read', CODE, 0), []]],
    ['code for a channel', ['run', 1, one('read', 0, CODE), []]],
    ['code for a number', ['run', 1, { ...one('number', 0), numbers: [CODE] }, []]],
    ['code for a result', ['run', 1, { ...one('x'), results: [CODE, 0, 0, 0] }, []]],
    ['an operation of every object', ['run', 1, one('constructor'), []]],
    ['an operation of the prototype', ['run', 1, one('__proto__', 0), []]],
    ['a step that works on itself', ['run', 1, one('neg', 0), []]],
    ['a step that works on a later one', ['run', 1, { ...one('x'), steps: [['neg', 1], ['x']] }, []]],
    ['a step that works on nothing', ['run', 1, one('add'), []]],
    ['a step that works on too much', ['run', 1, { ...one('x'), steps: [['x'], ['neg', 0, 0, CODE]] }, []]],
    ['a step before the first', ['run', 1, { ...one('x'), steps: [['x'], ['neg', -1]] }, []]],
    ['half a step', ['run', 1, { ...one('x'), steps: [['x'], ['neg', 0.5]] }, []]],
    ['a channel that there is not', ['run', 1, one('read', 0, 4), []]],
    ['a picture that there is not', ['run', 1, one('read', 1, 0), []]],
    ['a result that there is not', ['run', 1, { ...one('x'), results: [7, 0, 0, 0] }, []]],
    ['too many results', ['run', 1, { ...one('x'), results: [0, 0, 0, 0, 0] }, []]],
    ['more steps than there may be', ['run', 1, { ...one('x'), steps: Array(2_001).fill(['x']) }, []]],
    ['more numbers than there may be', ['run', 1, { ...one('x'), numbers: Array(2_001).fill(0) }, []]],
    ['lists that pose as steps', ['run', 1, { ...one('x'), steps: { length: 1, 0: ['x'] } }, []]],
    ['another picture that there is not', ['run', 1, one('x'), [99]]],
    ['others that are no list', ['run', 1, one('x'), { map: 1 }]],
    ['too many others', ['run', 1, one('x'), [1, 1, 1, 1]]],
    ['a picture of another frame', ['blur', 0, 3]],
    ['a picture by the name of a property', ['blur', 'size', 3]],
    ['an operation that there is not', ['constructor', 1]],
    ['a method of the runtime', ['newFrame', 1]],
    ['a table of code', ['lookup', 1, Array(256).fill(CODE)]],
    ['a matrix of nothing', ['matrix', 1, Array(12).fill(null)]],
    ['a colour of code', ['chromaKey', 1, CODE, {}]],
    ['a blend of the prototype', ['blend', 1, '#ff0000', '__proto__', 1]],
    ['a region that is endless', ['region', 1, 0, 0, null, 1e308]],
  ])('%s', (_name, words) => {
    const data = colourful();
    const spoken = new Spoken();
    spoken.begin(openPixels(WIDTH, HEIGHT, data).pixels);
    expect(spoken.say(JSON.stringify(words))).toMatch(/^![A-Z"a-z].*/);
    expect(data).toEqual(colourful());
    expect(globalThis).not.toHaveProperty(CANARY);
  });

  test('a loop is made of our own words and whole numbers alone', () => {
    const steps = [['x'], ['number', 0], ['add', 0, 1], ['near', 0, 3, 2, 0], ['where', 3, 2, 1]];
    const kernel = checkedKernel({ steps, numbers: [1e21], results: [4, -1, -1, -1] }, 1);
    expect(textOf(kernel, 1)).not.toMatch(/1e\+?21|"|\\|`/);
  });
});

const JAVASCRIPT: readonly (readonly [name: string, code: string, comesTo: RegExp | 'nothing' | 'anything'])[] = [
  ['a kernel that never ends tracing', 'px.map(({ r }) => { for (;;) r = r.add(1); })', /at most 2000 steps/],
  ['a value that is asked for its text', 'px.map(({ r }) => String(r))', /is no number yet/],
  ['a value that poses as traced', 'px.map(({ r }) => r.add({ add() {}, step: 0 }))', /a value is a number/],
  [
    'a value with traced’s prototype',
    'px.map(({ r }) => r.add(Object.create(Object.getPrototypeOf(r))))',
    /a value is a number/,
  ],
  ['a proxy of a value', 'px.map(({ r }) => r.add(new Proxy(r, {})))', /a value is a number/],
  [
    'a method taken from a value',
    'px.map(({ r }) => { const { add } = r; return add(1) })',
    /undefined|private|object/,
  ],
  ['a number with a valueOf', 'px.map(({ r }) => r.add({ valueOf: () => 1 }))', /a value is a number/],
  ['a number that is text', `px.map(({ r }) => r.add("0]; globalThis.x = 1;"))`, /a value is a number, not "0\]/],
  [
    'an answer whose getters count',
    'let n = 0; px.map(({ r }) => ({ get r() { n++; return r }, g: r, b: r })); if (n !== 1) throw new Error(n)',
    'anything',
  ],
  ['an answer that is a proxy', 'px.map(({ r }) => new Proxy([r, r, r], { get: (of, key) => of[key] }))', 'anything'],
  [
    'an answer longer than it says',
    'px.map(({ r }) => Object.assign([r, r, r], { length: 4e9 }))',
    /answers \[r, g, b\]/,
  ],
  [
    'a kernel within a kernel',
    'px.map((p) => { px.map((q) => [q.g.add(p.r), 0, 0]); return p })',
    /comes from another kernel/,
  ],
  [
    'a table whose getters throw',
    'px.lookup({ length: 256, get 7() { throw new Error("mine") } })',
    /table\[0\] is a number|mine/,
  ],
  ['a table that says it is endless', 'px.lookup({ length: Infinity })', /list of 256 numbers/],
  [
    'a table that is a proxy of itself',
    'const t = new Proxy([], { get: (_, key) => (key === "length" ? 256 : key === "r" ? t : 3) }); px.lookup(t)',
    'anything',
  ],
  ['a picture of its own making', 'px.blend(Object.create(px))', /is a picture/],
  ['a method for another object', 'px.blur.call({ width: 9, height: 9 }, 3)', /private|Part|TypeError/],
  ['a bound that is written over', 'px.width = 9999; px.map(({ x }) => x)', /only a getter/],
  [
    'options on the prototype',
    'Object.prototype.background = "#ff0000"; Object.prototype.scale = 1e9; try { px.displace(1, 1) } finally { delete Object.prototype.background; delete Object.prototype.scale }',
    'anything',
  ],
  [
    'a length of everything',
    'Object.prototype.length = 256; try { px.lookup({ r: 1 }) } finally { delete Object.prototype.length }',
    /./,
  ],
  [
    'a compiler of its own',
    'globalThis.Function = () => () => { throw new Error("mine") }; px.map(({ g }) => [g, g, g])',
    'anything',
  ],
  [
    'Math of its own',
    'const { floor } = Math; Math.floor = () => 1e9; try { px.map((p) => p.sample(p.x.floor(), -5)) } finally { Math.floor = floor }',
    'anything',
  ],
  [
    'lists of its own, and where they lead',
    'const { join } = Array.prototype; Array.prototype.join = () => "0"; try { px.map(({ g, b }) => [g, b, b]) } catch {} finally { Array.prototype.join = join }; if ("process" in globalThis || "require" in globalThis) throw new Error("out")',
    'anything',
  ],
  [
    'numbers beyond all bounds',
    'px.map(({ r, x }) => [r.mul(1e308).mul(1e308), r.sub(1e308).mul(1e308), x.div(0).mul(0)])',
    'anything',
  ],
  [
    'places beyond all bounds',
    'px.map((p) => p.sample(p.x.mul(1e300), p.y.div(0).mul(0), { smooth: true }))',
    'anything',
  ],
  [
    'regions beyond all bounds',
    'px.region(-1e308, -1e308, 1e308, 1e308).blur(1e308); px.region(1e9, 1e9, 1, 1).map(() => 0)',
    'nothing',
  ],
  ['copies without end', 'for (;;) px.copy()', /more than 96 MB|^$/],
  [
    'kernels without end, all of them different',
    'for (let n = 1; ; n = (n % 999) + 1) px.region(0, 0, 1, 1).map(({ r }) => { let v = r; for (let i = 0; i < n; i++) v = v.add(1); return v })',
    /^$/,
  ],
];

const PYTHON: readonly (readonly [name: string, code: string, comesTo: RegExp | 'nothing' | 'anything'])[] = [
  ['a kernel that never ends tracing', 'v = px.r\nfor i in range(5000): v = v + 1\npx.r = v', /at most 2000 steps/],
  ['a value that doubles for ever', 'v = px.r\nfor i in range(3000): v = v + v\npx.r = v', /at most 2000 steps/],
  [
    'a step of its own making',
    'import plinth_traced as t\npx.r = t.Traced(("0]; globalThis.x = 1; [0",))',
    /no kernel/,
  ],
  ['a step of the prototype', 'import plinth_traced as t\npx.r = t.Traced(("__proto__",))', /no kernel/],
  ['a step that is made of itself', 'v = px.r + 1\nv.of = (v, v)\npx.r = v', /./],
  ['an if', 'px.map(lambda p: p.r if p.r > 9 else 0)', /neither true nor false/],
  ['a number that is none', 'px.r = px.r * float("nan")', /finite number/],
  ['a number without end', 'px.r = px.r + 10 ** 400', /finite number/],
  ['a number that is text', 'px.r = "0]; globalThis.x = 1"', /number/],
  [
    'a number that lies',
    'class N(float):\n  def __float__(self): return float("inf")\npx.r = px.r + N(1)',
    /finite number/,
  ],
  ['math’s own functions', 'import math\npx.r = math.sin(px.r)', /from plinth, not from math/],
  ['a table of words', 'px.lookup(["0]; x" for _ in range(256)])', /table\[0\] is a number/],
  ['a radius that is none', 'px.blur(float("inf"))', /radius is a number, not "inf"/],
  [
    'a picture that was kept',
    'import builtins\nif f.index % 2 == 0 or not hasattr(builtins, "kept"): builtins.kept = px.copy(); raise ValueError("kept")\nbuiltins.kept.blur(2)',
    /kept/,
  ],
  ['a picture by a number of its own', 'px._number = 10 ** 20\npx.blur(2)', /earlier frame/],
  [
    'words of its own',
    'import plinth_pixels as p\nsaid = [p._look(w, 0) for w in ("", "{", "[]", "null", "[1]", \'["run",1,{"steps":[["__proto__"]],"numbers":[],"results":[0,0,0,0]},[]]\')]\nassert all(s is None or s.startswith("!") for s in said), said',
    'nothing',
  ],
  ['bytes longer than the picture', 'px.data.extend(b"xxxx" * 100)\npx.blur(1)', /./],
  ['bytes that are gone', 'px.data.clear()\npx.r = 5', /./],
  [
    'regions beyond all bounds',
    'px.region(-1e308, -1e308, 1e308, 1e308).blur(300)\npx[99:200, 5:1].rgb = 0',
    'nothing',
  ],
  ['copies without end', 'while True: px.copy()', /more than 96 MB|^$/],
];

const [ENDLESS_JS, ENDLESS_PY] = ['for (;;) px.map(({ r }) => r.add(1).sqrt().sin());', 'while True: px.blur(200)'];

describe.each([
  ['JavaScript', 'hostile.js', JAVASCRIPT],
  ['Python', 'hostile.py', PYTHON],
] as const)('%s', (_language, file, attacks) => {
  const code = attacks.map(([, text]) => text);
  let played: Played;
  beforeAll(async () => {
    const text = file.endsWith('.js') ? asJavaScript([...code, ENDLESS_JS]) : asPython([...code, ENDLESS_PY]);
    played = await play(file, text, code.length + 1);
  }, 120_000);

  test.each(attacks.map(([name, , comesTo], at) => [name, at, comesTo] as const))('%s', (_name, at, comesTo) => {
    const { picture, error } = played.frames[at] ?? {};
    if (comesTo instanceof RegExp) expect(error).toMatch(comesTo);
    else expect(error).toBeUndefined();
    if (comesTo === 'nothing') expect(picture).toBe(untouched);
  });

  test('operations without end are ended with their frame', () => {
    expect(played.frames.at(-1)?.error).toBe('');
  });
});

/** Each attack in a frame of its own. What it breaks of its own isolate it mends, for those after it. */
function asJavaScript(codes: readonly string[]): string {
  const attacks = codes.map((code) => `(px) => { ${code} }`).join(',\n');
  return `import { effect } from '@plinth/sdk/effect';
const attacks = [${attacks}];
export default effect({ title: 'Hostile', frame({ pixels, index }) { attacks[index](pixels) } });`;
}

function asPython(codes: readonly string[]): string {
  const attacks = codes.map((code, at) => `def attack${at}(f, px):\n${code.replace(/^/gm, '    ')}\n`).join('');
  return `from plinth import *\n${attacks}
@effect(title="Hostile")
def frame(f):
    globals()[f"attack{f.index}"](f, f.pixels)
`;
}
