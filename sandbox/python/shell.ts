// The first code in Python's isolate. Pyodide runs on Node, in browsers and in V8's own shell, and in no isolate: so we
// pose as the shell, with what it asks of it and nothing more, and take everything away again once it has started.
//
import { BOUNDS } from '../child/bounds.ts';

/**
 * `$0` the interpreter as a module, `$1` its library, `$2` the list of its packages, `$3` the snapshot or nothing, `$4` gives random
 * bytes, `$5` prints, `$6` asks, `$7` the word that stops it, `$8` how large memories may be. It answers the one function
 * through which we go in.
 */
export const SHELL = `
'use strict';
const [random, print, ask, interrupt, largest] = [$4, $5, $6, $7, $8];
// It is compiled already: what is read in its place only has to be known again.
const compiled = $0;
const inItsPlace = new ArrayBuffer(8);
let files = { 'pyodide.asm.wasm': inItsPlace, 'python_stdlib.zip': $1 };
let snapshot = $3;
const { apply } = Reflect;
const { parse, stringify } = JSON;
const { fromCharCode } = String;
const BytesNow = Uint8Array, WordsNow = Int32Array, RangeErrorNow = RangeError, DateNow = Date;
const PAGE = 65536;
const said = [];

const file = (path) => {
  const bytes = files[path.slice(path.lastIndexOf('/') + 1)];
  if (!bytes) throw new Error('There is no ' + path + '.');
  return bytes;
};
const given = {
  read: file,
  readbuffer: file,
  load() {},
  os: { system: (_, [, command]) => random(Number(/-c([0-9]+)/.exec(command)[1])) },
  performance: { now: () => DateNow.now() - began },
  console: { log: (text) => void said.push(String(text)) },
  setTimeout: () => 0,
  clearTimeout() {},
};
given.console.warn = given.console.error = given.console.info = given.console.debug = given.console.log;
const began = DateNow.now();
Object.assign(globalThis, given);

globalThis.TextEncoder = class TextEncoder {
  encode(text) {
    const bytes = new BytesNow(text.length * 3);
    return bytes.slice(0, this.encodeInto(text, bytes).written);
  }
  encodeInto(text, into) {
    let at = 0;
    for (const sign of text) {
      const code = sign.codePointAt(0);
      if (code < 0x80) into[at++] = code;
      else if (code < 0x800) {
        into[at++] = 0xc0 | (code >> 6);
        into[at++] = 0x80 | (code & 63);
      } else if (code < 0x10000) {
        into[at++] = 0xe0 | (code >> 12);
        into[at++] = 0x80 | ((code >> 6) & 63);
        into[at++] = 0x80 | (code & 63);
      } else {
        into[at++] = 0xf0 | (code >> 18);
        into[at++] = 0x80 | ((code >> 12) & 63);
        into[at++] = 0x80 | ((code >> 6) & 63);
        into[at++] = 0x80 | (code & 63);
      }
    }
    return { read: text.length, written: at };
  }
};
globalThis.TextDecoder = class TextDecoder {
  constructor(encoding = 'utf-8') {
    this.wide = /16/.test(encoding);
  }
  decode(source) {
    if (source === undefined) return '';
    const view = ArrayBuffer.isView(source) ? source : new BytesNow(source);
    const bytes = new BytesNow(view.buffer, view.byteOffset, view.byteLength);
    const codes = [];
    let text = '';
    for (let at = 0; at < bytes.length; ) {
      const first = bytes[at++];
      if (this.wide) codes.push(first | (bytes[at++] << 8));
      else if (first < 0x80) codes.push(first);
      else if (first < 0xc2 || first > 0xf4) codes.push(0xfffd);
      else {
        let more = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
        let code = first & (0x3f >> more);
        while (more > 0 && (bytes[at] & 0xc0) === 0x80) code = (code << 6) | (bytes[at++] & 63), more--;
        if (more > 0) codes.push(0xfffd);
        else if (code < 0x10000) codes.push(code);
        else codes.push(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
      }
      if (codes.length >= 4096) text += apply(fromCharCode, undefined, codes.splice(0));
    }
    return text + apply(fromCharCode, undefined, codes);
  }
};
globalThis.AbortController = class AbortController {};

// No thread of V8's compiles in an isolate: what is promised is done at once.
const Wasm = WebAssembly;
const { grow } = Wasm.Memory.prototype;
function moduleOf(source) {
  if (source instanceof Wasm.Module) return source;
  return (source.buffer ?? source) === inItsPlace ? compiled : new Wasm.Module(source);
}
let memory;
let pages = 0;
globalThis.WebAssembly = {
  ...Object.fromEntries(Object.getOwnPropertyNames(Wasm).map((name) => [name, Wasm[name]])),
  compile: async (source) => moduleOf(source),
  async instantiate(source, imports) {
    const module = moduleOf(source);
    const instance = new Wasm.Instance(module, imports);
    return source === module ? instance : { module, instance };
  },
  instantiateStreaming: undefined,
  compileStreaming: undefined,
  // Python's memory grows as far as its program may, which is known only once there is one.
  Memory: function Memory({ initial, maximum }) {
    // Python's comes first; Pyodide also tries things out in a small one.
    if (memory) return new Wasm.Memory({ initial, maximum: initial });
    pages = initial;
    memory = new Wasm.Memory({ initial, maximum: Math.min(maximum, largest) });
    Object.defineProperty(memory, 'grow', {
      value(more) {
        if (memory.buffer.byteLength / PAGE + more > pages) throw new RangeErrorNow('out of memory');
        return apply(grow, memory, [more]);
      },
    });
    return memory;
  },
};

const settings = (more) => ({
  indexURL: '/plinth/',
  packageBaseUrl: '/plinth/',
  lockFileContents: parse($2),
  enableRunUntilComplete: false,
  jsglobals: {},
  env: { HOME: '/home' },
  stdin: () => null,
  stdout() {},
  stderr() {},
  ...more,
});

let python;
const guest = { __proto__: null };

// What it prints goes out by whole lines, and what is left when a call is over.
let line = [];
let length = 0;
let decoder;
let printed = 0;
let printable = 0;
function write(bytes) {
  if (printed > printable) return bytes.length;
  const end = bytes.lastIndexOf(10);
  if (length + bytes.length > printable) flush();
  const part = bytes.slice(0, end < 0 ? bytes.length : end + 1);
  line.push(part);
  length += part.length;
  if (end < 0) return bytes.length;
  flush();
  if (end + 1 < bytes.length) {
    line.push(bytes.slice(end + 1));
    length = bytes.length - end - 1;
  }
  return bytes.length;
}
function flush() {
  if (length === 0) return;
  const whole = new BytesNow(length);
  let at = 0;
  for (const part of line.splice(0)) whole.set(part, at), (at += part.length);
  length = 0;
  if (printed > printable) return;
  const text = decoder.decode(whole[at - 1] === 10 ? whole.subarray(0, at - 1) : whole);
  const rest = printable - printed;
  printed += text.length + 1;
  if (printed <= printable) print(text);
  else print(text.slice(0, rest) + '… (it printed more than ' + printable + ' characters, which is the limit)');
}

// Python answers text: what came of it, or that it waits. What else it may have been made to answer stays here.
function enter(name, one, two, three) {
  try {
    const answer = guest[name](one, two, three);
    return typeof answer === 'string' ? answer : undefined;
  } finally {
    flush();
  }
}

// What Python asks with is made for one call, and the call's name never goes in.
function call(token, given) {
  printed = 0;
  return enter('call', (request, name, text) => ask(token, request, name, text), given);
}

// An effect is played by the same runtime in both languages: this is what it finds instead of a creator's own object.
const EFFECT = ['effect_describe', 'effect_start', 'effect_frame', 'sound_start', 'sound_block'];
// What of the canvas begins with a list, and what answers more than text: both cross as JSON.
const LISTED = ['polygon', 'bars', 'lines', 'area', 'sparkline', 'radar'];
const ANSWERED = ['measure', 'imageSize'];
function effectOf({ frame: hasFrame, audio: hasAudio, ...described }, { Spoken }) {
  let now;
  const spoken = new Spoken();
  const told = (said) => {
    flush();
    if (said[0] !== 'f') return;
    // Only its message leaves the isolate as it is: all of it goes there.
    throw new Error(said);
  };
  const draw = (name, style, ...rest) => {
    const given = style === '' ? {} : parse(style);
    if (name === 'group') return void now.canvas.group(given, () => void rest[0]());
    if (name === 'safe') return stringify(now.canvas.safe);
    if (LISTED.includes(name)) rest[0] = parse(rest[0]);
    const answer = now.canvas[name](...rest, given);
    return typeof answer === 'string' || !ANSWERED.includes(name) ? answer : stringify(answer ?? null);
  };
  // Nothing said is the first look at a frame's picture; saying nothing in words asks for its bytes.
  const look = (words, picture) => {
    if (words === undefined) return spoken.begin(now.pixels);
    return words === '' ? spoken.bytes(picture) : spoken.say(words);
  };
  const chance = () => now.random();
  // What an effect is told of its clip goes over when it is looked at. JSON has no endless numbers: they are null.
  const ask = (what, name, part) => {
    if (what === 'data') return stringify(now.data[name] ?? null);
    if (what === 'audio') return stringify(now.audio);
    const found = now.live[what];
    return stringify(typeof found[name] === 'function' ? found[name](part) : found);
  };
  const plain = ({ data, ...scene }) => stringify({ ...scene, data: Object.keys(data) });
  const pictures = {
    setup(scene) {
      now = scene;
      told(guest.effect_start(plain(scene), draw, look, chance, ask));
    },
    frame(frame) {
      now = frame;
      told(guest.effect_frame(frame.index, frame.t));
    },
  };
  const tools = [];
  // Tools keep what they need on this side, and change the samples where they are.
  const handle = (what, ...rest) => {
    if (what === 'samples') return now.channels[rest[0]];
    if (what === 'gain') return void now.tools.gain(now.channels, ...rest);
    if (what === 'use') return void tools[rest[0]](now.channels);
    return tools.push(now.tools[what](...rest.map((part) => (typeof part === 'string' ? parse(part) : part)))) - 1;
  };
  const sound = {
    audioSetup(scene) {
      now = scene;
      told(guest.sound_start(plain(scene), chance, ask, handle));
    },
    audio(block) {
      now = block;
      told(guest.sound_block(block.index, block.t));
    },
  };
  return { ...described, ...(hasFrame ? pictures : {}), ...(hasAudio ? sound : {}) };
}

const found = (runtime) => {
  const described = guest.effect_describe().slice(1);
  return described === '' ? undefined : effectOf(parse(described), runtime);
};

const inside = {
  __proto__: null,
  // For the process that makes the snapshot: our own modules go in as files, and stay as what they did.
  async make(modules, texts) {
    python = await loadPyodide(settings({ _makeSnapshot: true }));
    for (const [path, text] of parse(texts)) {
      const to = '/plinth/' + path;
      python.FS.mkdirTree(to.slice(0, to.lastIndexOf('/')));
      python.FS.writeFile(to, text);
    }
    python.runPython('import sys; sys.path.append("/plinth")');
    for (const name of parse(modules)) python.runPython('import ' + name);
    python.pyimport('plinth_guest').before_snapshot();
    return python.makeMemorySnapshot().buffer;
  },
  async restore() {
    python = await loadPyodide(settings({ _loadSnapshot: new BytesNow(snapshot) }));
    delete python._api.config._loadSnapshot;
    // Copied by now: given back at once, as nobody knows when they would be collected.
    for (const bytes of [snapshot, ...Object.values(files)]) bytes.transfer(0);
    snapshot = files = undefined;
    decoder = new TextDecoder();
    python.setStdout({ write });
    python.setStderr({ write });
    python.setInterruptBuffer(new WordsNow(interrupt));
    const module = python.pyimport('plinth_guest');
    for (const name of ['adopt', 'no_clock', 'load', 'call', 'turn', 'answer', ...EFFECT]) guest[name] = module[name];
    const asleep = new WordsNow(new SharedArrayBuffer(4));
    const { wait } = Atomics;
    const { checkInterrupt } = python;
    module.after_snapshot((ms) => {
      wait(asleep, 0, 0, ms);
      // Python itself looks only now and then, which is seldom while it sleeps.
      checkInterrupt();
    });
    forget();
  },
  // From here on the interpreter is one program's.
  adopt(megabytes, characters, value, passed) {
    printable = characters;
    pages = memory.buffer.byteLength / PAGE + megabytes * (1048576 / PAGE);
    return enter('adopt', value, passed);
  },
  enter,
  call,
  // From here on it is an effect, played by the runtime that is given.
  play(runtime, list, picture) {
    return runtime.open(found(runtime), new Float64Array(list), picture && new Uint8ClampedArray(picture));
  },
  playSound(runtime, samples) {
    return runtime.openSound(found(runtime), new Float32Array(samples));
  },
  said: () => said.join(' '),
};

function forget() {
  // What is left is asked for by name while it runs, and gives nothing: a clock, silence, random bytes.
  for (const name of ['read', 'readbuffer', 'load', 'loadPyodide', '_createPyodideModule']) globalThis[name] = undefined;
  // No other memory than the one that is counted.
  for (const name of Object.getOwnPropertyNames(Wasm)) delete Wasm[name].prototype?.constructor;
  delete Wasm.Memory.prototype.grow;
  const { RuntimeError, Exception } = Wasm;
  {
${BOUNDS}
  }
  globalThis.WebAssembly = { __proto__: null, RuntimeError, Exception };
}

// Nothing is spread here: whoever has changed what lists are gone through with would see what we pass.
return (what, one, two, three, four) => inside[what](one, two, three, four);
`;
