// JavaScript that turns what we do inside its isolate against us: our own closures, what comes after an answer, floods, and
// what is built into the language.
import type { Hostile } from './attack.ts';

const LOOP = 'sandbox.cpu';
/** What a call is named by, and a program must not learn. */
const NAMES = '/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/';
/** Asks for what it does not get, and answers what it overheard of that. */
const OVERHEARD = `export default async (_, { host }) => {
  await host('nothing', { a: [1] }).catch(() => {});
  return seen.filter((one) => ${NAMES}.test(String(one)));
}`;

export const insideJavaScript: readonly Hostile[] = [
  {
    name: 'listening where lists are gone through',
    code: `const seen = []; const { values, push, slice, concat } = Array.prototype;
      Array.prototype[Symbol.iterator] = function () { for (let at = 0; at < this.length; at++) push.call(seen, this[at]); return values.call(this); };
      for (const [name, was] of [['push', push], ['slice', slice], ['concat', concat]])
        Array.prototype[name] = function (...all) { push.call(seen, ...this, ...all); return was.apply(this, all); };
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'listening where properties are set',
    code: `const seen = [];
      for (const name of ['token', 'call', 'resolve', 'reject', 'text', 'error', 'host', 'value', 'name', 'argument', 'request'])
        Object.defineProperty(Object.prototype, name, { __proto__: null, configurable: true, set(one) { Object.defineProperty(seen, seen.length, { __proto__: null, value: one }); }, get() {} });
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'listening where text is handled',
    code: `const seen = [];
      for (const name of ['toString', 'valueOf', 'slice', 'indexOf', 'concat', 'charCodeAt', 'codePointAt', 'split', 'at']) {
        const was = String.prototype[name];
        String.prototype[name] = function (...all) { seen[seen.length] = was === undefined ? '' : this + ''; return was.apply(this, all); };
      }
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'listening at promises',
    code: `const seen = []; const { then } = Promise.prototype;
      Promise.prototype.then = function (...all) { for (const one of all) seen[seen.length] = one + ''; return then.apply(this, all); };
      Promise.withResolvers = Promise.resolve = Promise.reject = () => { throw 1 };
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'listening to our functions’ own frames',
    code: `const seen = [];
      Error.prepareStackTrace = (_, sites) => { for (const site of sites) seen.push(site.getThis(), ...(site.getFunction()?.arguments ?? [])); return ''; };
      Object.defineProperty(Object.prototype, 'toJSON', { configurable: true, get() { new Error().stack; } });
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'whoever calls us, by arguments.callee',
    code: `const seen = [];
      function look() { try { for (let f = look.caller; f; f = f.caller) seen.push(String(f), ...(f.arguments ?? [])); } catch {} return 1; }
      Object.defineProperty(Object.prototype, 'toJSON', { configurable: true, get: look });
      ${OVERHEARD}`,
    value: [],
  },
  {
    name: 'a promise that answers twice',
    code: `export default () => ({ then(answer) { answer('one'); answer('two'); } })`,
    value: 'one',
  },
  {
    name: 'an answer kept for the next call',
    code: `let kept; export default (n) => n === 0 ? { then(answer) { kept = answer; answer('first'); } } : (kept('forged'), 'mine')`,
    calls: 2,
    value: 'mine',
  },
  {
    name: 'a promise of an earlier call kept in a later one',
    code: `let keep; export default (n) => n === 0 ? Promise.race([new Promise((one) => { keep = one; }), 'first']) : (keep('forged'), Promise.resolve('mine'))`,
    calls: 2,
    value: 'mine',
  },
  {
    name: 'a failed call whose promise answers in the next one',
    code: `let keep; export default (n) => {
        if (n > 0) { keep('forged'); return 'mine'; }
        Promise.reject(new Error('ends the call'));
        return new Promise((one) => { keep = one; });
      }`,
    calls: 2,
    value: 'mine',
  },
  {
    name: 'objects that are all promises',
    code: `Object.prototype.then = function (answer) { delete Object.prototype.then; answer('taken over'); }; export default () => ({ a: 1 })`,
    any: true,
  },
  {
    name: 'work that goes on after the answer',
    code: `export default () => { Promise.resolve().then(() => { for (;;); }); return 1; }`,
    fails: LOOP,
  },
  {
    name: 'a chain of promises that goes on after the answer',
    code: `export default () => { const again = () => Promise.resolve().then(again); again(); return 1; }`,
    any: true,
  },
  {
    name: 'work left for when memory is collected',
    code: `const registry = new FinalizationRegistry(() => { for (;;); }); for (let n = 0; n < 1e5; n++) registry.register({}, n); export default () => 1`,
    any: true,
  },
  {
    name: 'waiting for memory to be collected',
    code: `const weak = new WeakRef({}); while (weak.deref());`,
    fails: LOOP,
  },
  { name: 'a flood of requests', code: `export default (_, { host }) => { for (;;) host('x', 'y'); }`, any: true },
  {
    name: 'a flood of long requests, unheard',
    code: `export default (_, { host }) => { const long = 'y'.repeat(200_000); for (let n = 0; n < 3_000; n++) host('x', long).catch(() => {}); return 'done'; }`,
    any: true,
  },
  { name: 'a flood of empty prints', code: `for (;;) console.log('')`, fails: LOOP },
  {
    name: 'a flood of prints in promises',
    code: `export default async () => { for (;;) { console.log('x'); await null; } }`,
    fails: LOOP,
  },
  {
    name: 'printing an array that is all length',
    code: `console.log(new Array(2 ** 32 - 1), { length: 1e9 }); 1`,
    value: 1,
  },
  {
    name: 'printing a Proxy of an array',
    code: `console.log(new Proxy([], { get: (_, key) => key === 'length' ? 1e9 : 'x' })); 1`,
    value: 1,
  },
  {
    name: 'printing what changes the printer',
    code: `console.log({ get a() { console.log = null; } }); console.log.x = 1`,
    any: true,
  },
  {
    name: 'a revoked Proxy as a value',
    code: `const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); proxy`,
    fails: 'sandbox.threw',
  },
  {
    name: 'a Proxy of a function as what we call',
    code: `export default new Proxy(() => 1, { apply: () => 'trapped', get() { throw new Error('no'); }, has: () => false })`,
    value: 'trapped',
  },
  {
    name: 'a function without its own ways to be called',
    code: `export default Object.assign(() => 5, { call: null, apply: null, bind: null, toString: null })`,
    value: 5,
  },
  {
    name: 'a class as what we call',
    code: `export default class { constructor() { return {}; } }`,
    fails: 'sandbox.threw',
  },
  { name: 'an array that is nearly all length', code: `new Array(2 ** 32 - 1)`, any: true },
  { name: 'a rope of strings', code: `let rope = 'x'; for (let n = 0; n < 29; n++) rope += rope; rope`, any: true },
  {
    name: 'a rope made flat',
    code: `let rope = 'x'; for (let n = 0; n < 28; n++) rope += rope; rope.charCodeAt(7) + rope.split('').length`,
    any: true,
  },
  {
    name: 'a text that explodes when replaced',
    code: `'x'.repeat(1e5).replaceAll('', 'y'.repeat(1e5)).length`,
    any: true,
  },
  {
    name: 'a text that grows when written large',
    code: `'ß'.repeat(2 ** 28).toUpperCase().normalize('NFKD').length`,
    any: true,
  },
  { name: 'JSON of what must be escaped', code: `'\\u0000'.repeat(2 ** 27)`, any: true },
  { name: 'a look-ahead that backtracks', code: `/^(?!(a|aa)+$)b/.test('a'.repeat(60) + 'b')`, fails: LOOP },
  { name: 'a back-reference that backtracks', code: `/^(a*)*\\1$/.test('a'.repeat(60) + 'b')`, any: true },
  {
    name: 'a pattern that is long',
    code: `new RegExp('(?:a?){' + 1e4 + '}'.repeat(1)).test('a'.repeat(1e5)); new RegExp('('.repeat(1e5))`,
    any: true,
  },
  {
    name: 'what a pattern left behind for another program',
    code: `/(secret)/.test('the secret'); export default (n) => n === 0 ? RegExp.$1 : RegExp.$1.length`,
    calls: 2,
    value: 6,
  },
  {
    name: 'waiting on shared memory without waiting',
    code: `[typeof Atomics, typeof SharedArrayBuffer]`,
    value: ['undefined', 'undefined'],
  },
  {
    name: 'formats without end',
    code: `const all = []; for (;;) all.push(new Intl.DateTimeFormat('ar-EG'), new Intl.NumberFormat('zh-Hant'))`,
    any: true,
  },
  {
    name: 'a text cut into words',
    code: `[...new Intl.Segmenter('th', { granularity: 'word' }).segment('ก'.repeat(3e6))].length`,
    any: true,
  },
  {
    name: 'a list that is never full',
    code: `export default Array.fromAsync((async function* () { for (;;) yield [1]; })())`,
    any: true,
  },
  {
    name: 'an iterator without end made a list',
    code: `Iterator.from({ next: () => ({ done: false, value: {} }) }).toArray()`,
    any: true,
  },
  {
    name: 'an iterator that finds nothing',
    code: `(function* () { for (;;) yield 1; })().filter(() => false).next()`,
    fails: LOOP,
  },
  {
    name: 'an iterator that does not let go',
    code: `for (const _ of { [Symbol.iterator]: () => ({ next: () => ({ done: false }), return() { for (;;); } }) }) break`,
    fails: LOOP,
  },
  { name: 'a class that is never made', code: `class A { static { for (;;); } }`, fails: LOOP },
  {
    name: 'a resource that does not let go',
    code: `{ using one = { [Symbol.dispose]() { for (;;); } }; }`,
    fails: LOOP,
  },
  {
    name: 'a tag that keeps its templates',
    code: `const seen = new Set(); const tag = (one) => seen.add(one); for (let n = 0; n < 1e4; n++) eval('tag\`' + n + '\`'); seen.size`,
    value: 10_000,
  },
  { name: 'switches of V8', code: `Function('return %DebugPrint(1)')()`, fails: 'sandbox.threw' },
  { name: 'switches of V8 in the text itself', code: `%GetOptimizationStatus(() => {})`, fails: 'sandbox.syntax' },
  {
    name: 'an import with attributes',
    code: `import secret from '/etc/passwd' with { type: 'text' }; export default secret`,
    fails: 'sandbox.syntax',
  },
  {
    name: 'an import with attributes whose name is made up on the way',
    code: `const name = ['/etc', 'passwd'].join('/'); export default import(name, { with: { type: 'json' } }).then(() => 'in', () => 'refused')`,
    value: 'refused',
  },
  {
    name: 'a require that is written otherwise',
    code: `export default r\\u0065quire('/etc/passwd')`,
    fails: 'sandbox.syntax',
  },
  { name: 'an export of another file', code: `export * from '/etc/passwd'`, fails: 'sandbox.syntax' },
  {
    name: 'what a module knows of itself',
    code: `export default [typeof import.meta.url, typeof import.meta.resolve, typeof import.meta.dirname]`,
    value: ['undefined', 'undefined', 'undefined'],
  },
  {
    name: 'a map that says it is another file',
    code: `throw new Error('x')\n//# sourceURL=/etc/passwd`,
    fails: 'sandbox.threw',
  },
  {
    name: 'a map of its own',
    code: `throw new Error('x')\n//# sourceMappingURL=data:application/json;base64,${btoa('{"version":3,"sources":["/etc/passwd"],"names":[],"mappings":"AAAA"}')}`,
    fails: 'sandbox.threw',
  },
  { name: 'an error that says it was stopped', code: `throw new Error('Script execution timed out.')`, fails: LOOP },
  {
    name: 'an error that says it had no memory',
    code: `throw new Error('Isolate was disposed during execution due to memory limit')`,
    fails: 'sandbox.threw',
  },
  {
    name: 'an error with endless getters',
    code: `throw { __proto__: Error.prototype, get name() { for (;;); }, get message() { for (;;); }, get stack() { for (;;); } }`,
    any: true,
  },
  { name: 'an error with a long message', code: `throw new Error('x'.repeat(1e8))`, any: true },
  {
    name: 'a stack without end',
    code: `Error.stackTraceLimit = Infinity; const deep = () => { deep(); }; deep()`,
    fails: 'sandbox.threw',
  },
  {
    name: 'stacks that are written for ever',
    code: `Error.prepareStackTrace = () => { for (;;); }; null.x`,
    any: true,
  },
  {
    name: 'promises that fail unheard',
    code: `for (let n = 0; n < 1e5; n++) Promise.reject(new Error(String(n))); 1`,
    any: true,
  },
  {
    name: 'everything frozen',
    code: `for (const one of [Object, Array, Function, Promise, Map, String, JSON, Reflect]) Object.freeze(one.prototype ?? one); Object.freeze(globalThis); export default () => 5`,
    value: 5,
  },
  {
    name: 'globals deleted',
    code: `const all = globalThis; for (const name of Object.getOwnPropertyNames(all)) delete all[name]; (0, function () { return 5; })`,
    value: 5,
  },
  { name: 'a text nested too deeply to be read', code: '('.repeat(400_000), fails: 'sandbox.syntax' },
  { name: 'a text nested too deeply to be run', code: `eval('['.repeat(1e6))`, fails: 'sandbox.threw' },
  { name: 'a program that is one long line', code: `eval('1' + '+1'.repeat(2e6))`, any: true },
  { name: 'whole numbers that take for ever', code: `10n ** 10n ** 8n % 7n`, any: true },
  { name: 'a sort of what lies', code: `[...Array(1e6).keys()].sort(() => Math.random() - 0.5).length`, any: true },
  {
    name: 'memory outside of the heap',
    code: `const all = []; for (;;) all.push(new Uint8Array(2 ** 20).fill(1).buffer.slice(0), new DataView(new ArrayBuffer(2 ** 20)))`,
    any: true,
  },
  {
    name: 'a buffer that grows, by its heirs',
    code: `class Heir extends ArrayBuffer {}; const tried = [() => new Heir(8, { maxByteLength: 1e9 }), () => Reflect.construct(ArrayBuffer, [8, { maxByteLength: 1e9 }], Object), () => new ArrayBuffer(8).transfer(1e9), () => ArrayBuffer.prototype.resize.call(new ArrayBuffer(8), 1e9)];
      tried.map((one) => { try { one(); return 'in'; } catch { return 'refused'; } })`,
    value: ['refused', 'refused', 'refused', 'refused'],
  },
  {
    name: 'more of a host’s names',
    code: `['structuredClone', 'queueMicrotask', 'MessageChannel', 'performance', 'Worker', 'navigator', 'gc', 'd8', 'print', 'quit', 'ShadowRealm', 'crypto', 'ivm', '$0', '$1', '$2', 'inside', 'kept'].filter((name) => name in globalThis)`,
    value: [],
  },
];
