// JavaScript that means harm.
import type { Hostile } from './attack.ts';

const LOOP = 'sandbox.cpu';

/** Looks for a way to the host through whatever an expression gives. */
const reach = (expression: string) => `
  const found = [];
  const look = (F) => { try { const g = F('return this')(); found.push(typeof g.process, typeof g.require, typeof g.Buffer); } catch (e) { found.push('refused'); } };
  ${expression};
  [...new Set(found)].filter((each) => each !== 'undefined' && each !== 'refused');`;

export const hostileJavaScript: readonly Hostile[] = [
  { name: 'a constructor’s constructor', code: reach('look(({}).constructor.constructor)'), value: [] },
  { name: 'the constructor of our console', code: reach('look(console.log.constructor)'), value: [] },
  { name: 'the constructor of an async function', code: reach('look((async () => {}).constructor)'), value: [] },
  { name: 'the constructor of a generator', code: reach('look((function* () {}).constructor)'), value: [] },
  {
    name: 'the constructor of an async generator',
    code: reach('look((async function* () {}).constructor)'),
    value: [],
  },
  {
    name: 'globals by every name',
    code: `['process', 'require', 'module', 'Buffer', 'fetch', 'Deno', 'Bun', 'setTimeout', 'XMLHttpRequest', 'WebSocket', 'WebAssembly', 'SharedArrayBuffer', 'Atomics', 'importScripts', 'load', 'read'].filter((name) => name in globalThis)`,
    value: [],
  },
  {
    name: 'import of a file',
    code: `export default import('node:fs').then(() => 'in', () => 'refused')`,
    fails: 'sandbox.syntax',
  },
  {
    name: 'import of a file whose name is made up on the way',
    code: `export default import(['node', 'fs'].join(':')).then(() => 'in', () => 'refused')`,
    value: 'refused',
  },
  {
    name: 'import of data',
    code: `const data = 'data:text/javascript,export default 1'; export default import(data).then(() => 'in', () => 'refused')`,
    value: 'refused',
  },
  {
    name: 'a static import',
    code: `import fs from 'node:fs'; export default fs.readdirSync('/')`,
    fails: 'sandbox.syntax',
  },
  { name: 'an import by path', code: `import * as x from '/etc/passwd'; export default x`, fails: 'sandbox.syntax' },
  { name: 'a source map comment', code: `1\n//# sourceMappingURL=file:///etc/passwd`, value: 1 },
  { name: 'the stack of an error', code: `try { null.x } catch (e) { String(e.stack) }`, any: true },
  {
    name: 'prepareStackTrace with call sites',
    code: reach(`Error.prepareStackTrace = (_, sites) => sites; const sites = new Error().stack;
      for (const site of sites) { const f = site.getFunction?.(); const t = site.getThis?.(); if (f) look(f.constructor); if (t) look(t.constructor?.constructor); }`),
    value: [],
  },
  {
    name: 'an error thrown by the host’s own function',
    code: reach(
      `try { console.log({ get a() { throw 1 } }, Symbol('x')) } catch (e) { look(e.constructor.constructor) }`,
    ),
    value: [],
  },
  {
    name: 'a stack overflow inside the host’s function',
    code: reach(
      `let deep = 0; const f = () => { deep++; try { f() } catch (e) { console.log('x'); look(e.constructor.constructor) } }; f()`,
    ),
    value: [],
  },
  {
    name: 'options that are read from Object.prototype',
    code: `Object.prototype.arguments = { reference: true }; Object.prototype.result = { reference: true }; Object.prototype.reference = true; Object.prototype.copy = true; Object.prototype.externalCopy = true; export default (input) => ({ input, own: Object.keys({}) })`,
    value: { own: [] },
  },
  {
    name: 'toJSON on every object',
    code: `Object.prototype.toJSON = function () { return 'mine' }; export default () => ({ a: 1 })`,
    value: 'mine',
  },
  {
    name: 'changed JSON',
    code: `JSON.stringify = () => '{"forged":1}'; JSON.parse = () => { throw 1 }; export default () => 5`,
    value: 5,
  },
  {
    name: 'changed Promise',
    code: `Promise.prototype.then = function () { return new Promise(() => {}) }; globalThis.Promise = null; export default () => 5`,
    any: true,
  },
  {
    name: 'changed Reflect and Function',
    code: `Reflect.apply = () => 'x'; Function.prototype.call = () => 'x'; Function.prototype.apply = () => 'x'; export default () => 5`,
    value: 5,
  },
  {
    name: 'changed Map',
    code: `Map.prototype.get = () => ({ resolve() {}, reject() {} }); Map.prototype.set = () => 1; export default async (x, { host }) => { try { return await host('nothing') } catch { return 'refused' } }`,
    value: 'refused',
  },
  {
    name: 'a request that was not granted',
    code: `export default async (x, { host }) => { try { return await host('constructor') } catch (e) { return e.message } }`,
    value: '"constructor" was not granted.',
  },
  {
    name: '__proto__ as a grant',
    code: `export default async (x, { host }) => { try { return await host('__proto__') } catch (e) { return e.message } }`,
    value: '"__proto__" was not granted.',
  },
  {
    name: 'a request whose argument lies',
    code: `export default async (x, { host }) => { try { return await host({ toString: () => 'a' }, { toJSON() { throw 1 } }) } catch (e) { return 'refused' } }`,
    value: 'refused',
  },
  {
    name: 'a Proxy as a value',
    code: `new Proxy({}, { get(_, key) { return () => key }, ownKeys: () => ['a', 'b'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: 1 }) })`,
    any: true,
  },
  {
    name: 'a Proxy that never ends',
    code: `let depth = () => new Proxy({}, { get: () => depth(), ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true, value: depth() }) }); console.log(depth()); export default 1`,
    value: 1,
  },
  { name: 'a getter as a value', code: `({ get a() { throw new Error('no') } })`, fails: 'sandbox.threw' },
  { name: 'a value in a circle', code: `const a = {}; a.a = a; a`, fails: 'sandbox.threw' },
  { name: 'a thenable that never answers', code: `({ then() {} })`, fails: 'sandbox.time' },
  {
    name: 'Symbol.species',
    code: `class Mine extends Array { static get [Symbol.species]() { return function (n) { return { length: n, constructor: 1 } } } }; new Mine(1, 2, 3).map((x) => x).length`,
    any: true,
  },
  {
    name: 'Symbol.hasInstance and toPrimitive',
    code: `globalThis[Symbol.toPrimitive] = () => { throw 1 }; Error[Symbol.hasInstance] === undefined; console.log({ [Symbol.toPrimitive]() { throw 2 } }); 7`,
    value: 7,
  },
  { name: 'an endless loop', code: `for (;;) {}`, fails: LOOP },
  {
    name: 'an endless loop in finally',
    code: `try { throw 1 } finally { for (;;) { try { for (;;) {} } catch {} finally { for (;;) {} } } }`,
    fails: LOOP,
  },
  { name: 'an endless async loop', code: `export default async () => { for (;;) await null }`, fails: LOOP },
  { name: 'an endless generator', code: `const f = function* () { for (;;) yield 1 }; [...f()]`, any: true },
  { name: 'an endless loop in a comparison', code: `[3, 2, 1].sort(() => { for (;;) {} })`, fails: LOOP },
  { name: 'an endless loop in toJSON', code: `({ toJSON() { for (;;) {} } })`, fails: LOOP },
  {
    name: 'an endless loop in a getter that we print',
    code: `console.log({ toString() { for (;;) {} }, get stack() { for (;;) {} } }); const e = new Error(); Object.defineProperty(e, 'stack', { get() { for (;;) {} } }); console.log(e)`,
    fails: LOOP,
  },
  { name: 'an expression that backtracks', code: `/^(a+)+$/.test('a'.repeat(40) + 'b')`, fails: LOOP },
  {
    name: 'a storm of promises',
    code: `const storm = () => Promise.resolve().then(storm).then(storm); storm(); export default new Promise(() => {})`,
    any: true,
  },
  { name: 'a promise that is never kept', code: `new Promise(() => {})`, fails: 'sandbox.time' },
  {
    name: 'waiting on shared memory',
    code: `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)`,
    fails: 'sandbox.threw',
  },
  { name: 'memory of WebAssembly', code: `new WebAssembly.Memory({ initial: 16384 })`, fails: 'sandbox.threw' },
  {
    name: 'a buffer that grows',
    code: `new ArrayBuffer(8, { maxByteLength: 1e9 }).resize(1e9)`,
    fails: 'sandbox.threw',
  },
  {
    name: 'a buffer that grows, by another way',
    code: `Reflect.construct(new Uint8Array(1).buffer.constructor, [8, { maxByteLength: 1e9 }])`,
    fails: 'sandbox.threw',
  },
  {
    name: 'a heap that grows',
    code: `const all = []; for (;;) all.push({ a: [1, 2, 3], b: 'x'.repeat(100) + all.length })`,
    any: true,
  },
  { name: 'buffers that pile up', code: `const all = []; for (;;) all.push(new Uint8Array(1e7).fill(1))`, any: true },
  { name: 'a string that grows', code: `let s = 'x'; for (;;) s += s + s.length`, any: true },
  { name: 'a split that is fatal to V8', code: `'x'.padEnd(5e8).split('')`, any: true },
  { name: 'a fill that is fatal to V8', code: `new Array(1e9).fill(0)`, any: true },
  { name: 'a fill with objects', code: `new Array(2 ** 27).fill({}).map(() => ({}))`, any: true },
  { name: 'a Map without end', code: `const m = new Map(); for (let i = 0; ; i++) m.set(i, [i])`, any: true },
  { name: 'numbers that never fit', code: `(2n ** 30000000n).toString().length`, any: true },
  { name: 'recursion without end', code: `const f = () => f() + 1; f()`, fails: 'sandbox.threw' },
  { name: 'JSON without end', code: `JSON.parse('['.repeat(1e6))`, any: true },
  { name: 'an answer that is too long', code: `'x'.repeat(3e6)`, fails: 'sandbox.value' },
  { name: 'printing without end', code: `for (;;) console.log('x'.repeat(1000))`, fails: LOOP },
  { name: 'throwing nothing', code: `throw undefined`, fails: 'sandbox.threw' },
  {
    name: 'throwing an error that lies',
    code: `throw Object.assign(new Error('x'), { get message() { for (;;) {} } })`,
    any: true,
  },
  { name: 'throwing a Proxy', code: `throw new Proxy(new Error('x'), { get() { throw new Error('y') } })`, any: true },
  { name: 'eval', code: `eval('typeof process') + Function('return typeof require')()`, value: 'undefinedundefined' },
  { name: 'a Date without end', code: `Date.parse('1'.repeat(1e7)); 1`, any: true },
];
