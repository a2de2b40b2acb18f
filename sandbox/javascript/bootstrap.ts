// The first code in an isolate, before anything of a stranger's. It takes away what bounds cannot hold, gives a console
// and a way to ask, and keeps its own copies of what it uses: a program may change everything else.
import { BOUNDS } from '../child/bounds.ts';

/** `$0` prints, `$1` asks, `$2` says that a call has come to its end. It answers the one function through which we go in. */
export const BOOTSTRAP = `
'use strict';
const [print, ask, wake] = [$0, $1, $2];
let printBytes = 0, callBytes = 0, valueBytes = 0;
const { parse, stringify } = JSON;
const { apply, ownKeys } = Reflect;
const { getPrototypeOf, getOwnPropertyDescriptor, defineProperty, freeze } = Object;
const { isArray } = Array;
const PromiseNow = Promise, ErrorNow = Error, StringNow = String, MapNow = Map;
const { get: mapGet, set: mapSet, delete: mapDelete } = Map.prototype;
const { then } = Promise.prototype;
const slice = String.prototype.slice, join = Array.prototype.join;
const ArrayBufferNow = ArrayBuffer;

${BOUNDS}
// Deep enough to read, short enough to print.
function show(value, depth) {
  if (typeof value === 'string') return depth === 0 ? value : stringify(value);
  if (typeof value === 'bigint') return StringNow(value) + 'n';
  if (typeof value === 'function') return '[function ' + StringNow(value.name || 'anonymous') + ']';
  if (typeof value !== 'object' || value === null) return StringNow(value);
  if (value instanceof ErrorNow) return StringNow(value.stack || value.message);
  if (depth > 3) return isArray(value) ? '[…]' : '{…}';
  const parts = [];
  if (isArray(value) || ArrayBufferNow.isView(value)) {
    const length = value.length ?? value.byteLength;
    for (let at = 0; at < length && at < 100; at++) parts[at] = show(value[at], depth + 1);
    if (length > 100) parts[100] = '… ' + (length - 100) + ' more';
    return '[' + apply(join, parts, [', ']) + ']';
  }
  const keys = ownKeys(value);
  for (let at = 0; at < keys.length && at < 50; at++) {
    const found = getOwnPropertyDescriptor(value, keys[at]);
    if (!found || !found.enumerable) continue;
    parts[parts.length] = StringNow(keys[at]) + ': ' + ('value' in found ? show(found.value, depth + 1) : '[getter]');
  }
  return '{' + (parts.length > 0 ? ' ' + apply(join, parts, [', ']) + ' ' : '') + '}';
}

let printed = 0;
function say(...values) {
  if (printed > printBytes) return;
  let text = '';
  for (let at = 0; at < values.length; at++) {
    let one;
    try { one = show(values[at], 0); } catch { one = '[unprintable]'; }
    text += (at > 0 ? ' ' : '') + one;
    if (text.length > printBytes) break;
  }
  const rest = printBytes - printed;
  printed += text.length + 1;
  if (printed <= printBytes) print(text);
  else print(apply(slice, text, [0, rest]) + '… (it printed more than ' + printBytes + ' characters, which is the limit)');
}
globalThis.console = freeze({ __proto__: null, log: say, info: say, debug: say, warn: say, error: say });

// What the host grants, \`await host('name', argument)\`: made for one call, so that what an earlier call left behind
// cannot ask in the name of a later one.
const asked = new MapNow();
let requests = 0;
const hostFor = (token) => freeze((name, argument) => new PromiseNow((resolve, reject) => {
  const text = argument === undefined ? 'null' : stringify(argument);
  if (typeof name !== 'string' || typeof text !== 'string') throw new TypeError('host(name, argument): a name, and what JSON can say.');
  if (text.length > callBytes) throw new RangeError('That is more than ' + callBytes + ' bytes in one call, which is the limit.');
  requests += 1;
  apply(mapSet, asked, [requests, { __proto__: null, resolve, reject }]);
  ask(token, requests, name, text);
}));

const plain = (key, value) => (typeof value === 'bigint' ? StringNow(value) : value);
function textOf(value) {
  const text = stringify(value, plain);
  if (text === undefined) return 'null';
  // Not sent at all when it is too long: only that it is.
  return text.length > valueBytes ? '' : text;
}

let kept;
// The call at work, and what came of it: none of an earlier one.
let turn = 0, came;
async function settle(value, mine) {
  let found;
  try { found = { __proto__: null, text: textOf(await value) }; }
  catch (error) { found = { __proto__: null, error }; }
  if (mine !== turn) return;
  came = found;
  wake();
}

const inside = {
  __proto__: null,
  bound(print, call, value) { printBytes = print; callBytes = call; valueBytes = value; },
  keep(value) { kept = value; },
  // Answers at once what need not be waited for.
  call(token, input) {
    printed = 0;
    came = undefined;
    turn += 1;
    const given = input === undefined ? undefined : parse(input);
    const value = typeof kept === 'function' ? kept(given, freeze({ __proto__: null, host: hostFor(token) })) : kept;
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return textOf(value);
    if (typeof value.then !== 'function') return textOf(value);
    settle(value, turn);
  },
  take() {
    if (came === undefined) return;
    if ('error' in came) throw came.error;
    return came.text;
  },
  answer(request, value, error) {
    const waiting = apply(mapGet, asked, [request]);
    if (!waiting) return;
    apply(mapDelete, asked, [request]);
    if (error === undefined) waiting.resolve(value === undefined ? undefined : parse(value));
    else waiting.reject(new ErrorNow(error));
  },
};
// Nothing is spread here: whoever has changed what lists are gone through with would see what we pass.
return (what, one, two, three) => inside[what](one, two, three);
`;
