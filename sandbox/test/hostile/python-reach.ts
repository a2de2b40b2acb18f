// Python that looks for a way out, or into what is ours. Each says what must come of it, besides that it finds nothing and breaks nothing:
// `value` an answer that proves the way is closed, `fails` an error of that code.
import type { Hostile } from './attack.ts';

const lines = (...text: string[]) => text.join('\n');

/** Tries each expression, and answers what came of it: the error's name, or the value. */
const tries = (...expressions: string[]) =>
  lines(
    'def tried(what):',
    '  try: return eval(what)',
    '  except BaseException as error: return type(error).__name__',
    `[tried(what) for what in ${JSON.stringify(expressions)}]`,
  );

/** A way to JavaScript: whatever an interpreter holds of it, Python can hold. */
const REACH = lines(
  'from pyodide.ffi import to_js',
  'Function = to_js({}).constructor.constructor',
  'def js(code): return Function("return (" + code + ")")()',
  '',
);
/** What is there of a host, by every name that it may have. */
const HOST_NAMES = `['process', 'require', 'module', 'Buffer', 'fetch', 'Deno', 'Bun', 'XMLHttpRequest', 'WebSocket', 'Worker', 'importScripts', 'read', 'readbuffer', 'load', 'SharedArrayBuffer', 'Atomics'].filter((name) => globalThis[name] !== undefined).join()`;

/** Keys that only a host's own objects have: Node's, and the isolate's as seen from outside. */
const MARKS = `['mainModule', 'getBuiltinModule', 'binding', 'derefInto', 'applySync', 'copyInto', 'createContextSync']`;

/** Looks at all that JavaScript can reach from there, and at whatever looks like a host on the way. */
const CRAWL = `(() => {
  const MARKS = ${MARKS};
  globalThis.memories = [];
  const seen = new Set(), found = new Set(), next = [globalThis, api];
  while (next.length > 0 && seen.size < 8000) {
    const one = next.pop();
    if ((typeof one !== 'object' && typeof one !== 'function') || one === null || seen.has(one) || ArrayBuffer.isView(one)) continue;
    seen.add(one);
    if (Object.prototype.toString.call(one) === '[object WebAssembly.Memory]') memories.push(one);
    try { next.push(Object.getPrototypeOf(one)); } catch {}
    let keys = [];
    try { keys = Reflect.ownKeys(one); } catch {}
    for (const key of keys.slice(0, 2000)) {
      let value;
      try { value = one[key]; } catch { continue; }
      if (MARKS.includes(key)) found.add(key);
      next.push(value);
    }
  }
  return [...found].join();
})()`;

/** What the interface leads to: the memory that is counted, the snapshot, a file system of Node's. */
const INSIDES = `
  const tried = (what) => { try { return String(what()); } catch { return 'refused'; } };
  const api = pyodide._module;
  const crawled = ${CRAWL};
  // Python's own memory, and the prototype of all memories.
  const memory = memories.find((one) => Object.hasOwn(one, 'grow'));
  const prototype = memory && Object.getPrototypeOf(memory);
  return [
    crawled,
    typeof memory,
    String(pyodide._api.config._loadSnapshot),
    tried(() => new ArrayBuffer(8, { maxByteLength: 1 << 30 })),
    tried(() => memory.grow(4000)),
    tried(() => prototype.grow.call(memory, 4000)),
    tried(() => new memory.constructor({ initial: 100 }).buffer.byteLength),
    tried(() => new prototype.constructor({ initial: 100 }).buffer.byteLength),
    tried(() => pyodide.mountNodeFS('/host', '/')),
  ];
`;

export const reachingPython: readonly Hostile[] = [
  {
    name: 'import of JavaScript',
    code: tries(
      '__import__("js")',
      '__import__("pyodide_js")',
      '__import__("js.process")',
      '__import__("importlib").import_module("js")',
      '__import__("pyodide.code").code.run_js("1")',
      '__import__("pyodide_js._api")',
    ),
    value: [
      'ModuleNotFoundError',
      'ModuleNotFoundError',
      'ModuleNotFoundError',
      'ModuleNotFoundError',
      'ModuleNotFoundError',
      'ModuleNotFoundError',
    ],
  },
  {
    name: 'a constructor’s constructor',
    code: `${REACH}js("typeof process + typeof require + typeof Buffer")`,
    value: 'undefinedundefinedundefined',
  },
  { name: 'globals of a host by every name', code: `${REACH}js(${JSON.stringify(HOST_NAMES)})`, value: '' },
  {
    name: 'import() from JavaScript',
    code: lines(
      REACH,
      'result = []',
      'js("import(\'node:fs\')").then(lambda m: result.append("in"), lambda e: result.append("refused"))',
      'result',
    ),
    any: true,
  },
  {
    name: 'WebAssembly without a limit',
    code: `${REACH}js("[typeof WebAssembly.Memory, typeof WebAssembly.Module, typeof WebAssembly.Instance].join()")`,
    value: 'undefined,undefined,undefined',
  },
  {
    name: 'a constructor of memory by way of memory',
    code: lines(
      REACH,
      'import plinth_guest, gc',
      'seen = [js("Object.getPrototypeOf(new Error).constructor.name")]',
      'seen.append(js("typeof ArrayBuffer.prototype.resize"))',
      'try: js("new ArrayBuffer(8, { maxByteLength: 1e9 })"); seen.append("made")',
      'except BaseException: seen.append("refused")',
      'seen',
    ),
    value: ['Error', 'undefined', 'refused'],
  },
  {
    name: 'arrays of JavaScript without end',
    code: `${REACH}js("(() => { const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1)); })()")`,
    any: true,
  },
  {
    name: 'a fill that is fatal to V8',
    code: `${REACH}js("new Array(1e9).fill(0).length")`,
    any: true,
  },
  { name: 'an endless loop in JavaScript', code: `${REACH}js("(() => { for (;;); })()")`, any: true },
  {
    name: 'a promise of JavaScript that never settles',
    code: `${REACH}await js("new Promise(() => {})")`,
    any: true,
  },
  {
    name: 'whatever can be reached from our own functions',
    code: lines(
      REACH,
      'import sys',
      'wait = sys.modules["plinth_loop"]._wait',
      `crawl = wait.constructor("api", ${JSON.stringify(`return ${CRAWL}`)})`,
      'lambda given, host: [crawl(wait), crawl(host._Host__ask)]',
    ),
    value: ['', ''],
  },
  {
    name: 'a proxy forged to point at Pyodide’s own insides',
    code: lines(
      REACH,
      'import ctypes',
      'proxy = to_js({})',
      '# Where a proxy keeps the number of what it stands for: 5 is the whole interface.',
      'ctypes.c_uint32.from_address(id(proxy) + 36).value = 5',
      `look = Function("pyodide", ${JSON.stringify(INSIDES)})`,
      'list(look(proxy))',
    ),
    value: ['', 'object', 'undefined', ...Array(6).fill('refused')],
  },
  {
    name: 'asking with another’s token',
    code: lines(
      'async def f(given, host):',
      '  ask = host._Host__ask',
      '  for odd in [("00000000-0000-0000-0000-000000000000", 77, "secret"), ({}, [], None), (1.5, "secret", "{")]:',
      '    try: ask(*odd)',
      '    except BaseException: pass',
      '  return "asked"',
      'f',
    ),
    value: 'asked',
  },
  {
    name: 'asking without end',
    code: lines(
      'async def f(given, host):',
      '  for n in range(20_000): host._Host__ask(n, "secret", "x" * 1000)',
      '  return "asked"',
      'f',
    ),
    any: true,
  },
  {
    name: 'answers that look like ours',
    code: lines(
      'import sys',
      'guest = sys.modules["plinth_guest"]',
      'class Odd(dict):',
      '  def __len__(self): return -1',
      'guest.text_of = lambda value: "]}{"',
      'lambda given: Odd()',
    ),
    any: true,
  },
  {
    name: 'an entry of ours replaced',
    code: lines(
      'import sys',
      'guest = sys.modules["plinth_guest"]',
      'guest.step = guest.failed = guest.answer_of = 5',
      'import asyncio',
      'await asyncio.sleep(0)',
    ),
    any: true,
  },
  {
    name: 'builtins replaced',
    code: lines(
      'import builtins, json, asyncio',
      'for name in ("len", "isinstance", "getattr", "str", "type", "eval", "compile", "callable"):',
      '  setattr(builtins, name, None)',
      'json.loads = json.dumps = None',
      'lambda given: 1',
    ),
    any: true,
  },
  {
    name: 'subclasses of object',
    code: lines(
      'names = [c.__name__ for c in ().__class__.__base__.__subclasses__()]',
      'opened = [c for c in ().__class__.__base__.__subclasses__() if c.__name__ == "_wrap_close"]',
      'found = []',
      'for c in opened:',
      '  try: found.append(c.__init__.__globals__["popen"]("id").read())',
      '  except BaseException as error: found.append(type(error).__name__)',
      'all(each in ("OSError", "NotImplementedError", "KeyError", "AttributeError") for each in found)',
    ),
    value: true,
  },
  {
    name: 'a command',
    code: tries(
      '__import__("os").system("id")',
      '__import__("os").popen("id").read()',
      '__import__("subprocess").run(["id"])',
      '__import__("os").fork()',
      '__import__("os").execv("/bin/sh", ["sh"])',
    ),
    any: true,
  },
  {
    name: 'a command by ctypes',
    code: lines('import ctypes', 'libc = ctypes.CDLL(None)', 'libc.system(b"id > /tmp/out")'),
    any: true,
  },
  {
    name: 'threads',
    code: tries(
      '__import__("threading").Thread(target=print).start()',
      '__import__("_thread").start_new_thread(print, ())',
    ),
    value: ['RuntimeError', 'RuntimeError'],
  },
  {
    name: 'processes',
    code: tries(
      '__import__("multiprocessing").Process(target=print).start()',
      '__import__("concurrent.futures").futures.ProcessPoolExecutor().submit(print).result()',
    ),
    any: true,
  },
  {
    name: 'sockets',
    code: tries(
      '__import__("socket").create_connection(("127.0.0.1", 22), timeout=1)',
      '__import__("socket").gethostbyname("example.org")',
      '__import__("urllib.request").request.urlopen("http://127.0.0.1:1/")',
      '__import__("asyncio").run(__import__("asyncio").open_connection("127.0.0.1", 22))',
    ),
    any: true,
  },
  {
    name: 'files of the host',
    code: tries(
      'open("/etc/passwd").read()',
      'open("/proc/self/environ").read()',
      'open("/plinth/sandbox/limits.ts").read()',
      '__import__("pathlib").Path("/root").exists()',
      'open("/plinth/snapshots/x").read()',
    ),
    value: ['FileNotFoundError', 'FileNotFoundError', 'FileNotFoundError', false, 'FileNotFoundError'],
  },
  {
    name: 'all the files there are',
    code: lines('import os', 'sorted({top for top in os.listdir("/")})'),
    value: ['dev', 'home', 'lib', 'proc', 'tmp'],
  },
  {
    name: 'the environment',
    code: lines(
      'import os',
      'sorted(name for name in os.environ if name not in ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PWD", "USER", "_", "LD_LIBRARY_PATH", "PYTHONINSPECT"))',
    ),
    value: [],
  },
  {
    name: 'a file system of the host mounted',
    code: lines(
      'import sys, gc',
      'api = next((one for one in gc.get_objects() if type(one).__name__ == "JsProxy" and hasattr(one, "FS")), None)',
      'api and str(api.FS.filesystems.NODEFS)',
    ),
    value: null,
  },
  {
    name: 'the snapshot rewritten',
    code: lines(
      'import ctypes',
      'start = id(object())',
      'hits = 0',
      'for at in range(1 << 16, 1 << 20, 4096):',
      '  ctypes.memset(at, 0x41, 16)',
      '"written"',
    ),
    any: true,
  },
  {
    name: 'a small number that is not what it was',
    code: lines('import ctypes, sys', 'one = id(1)', 'ctypes.memset(one + 12, 7, 1)', '1 + 1'),
    any: true,
  },
  { name: 'all memory overwritten', code: 'import ctypes\nctypes.memset(0, 255, 1 << 22)', any: true },
  { name: 'memory read from its beginning', code: 'import ctypes\nprint(ctypes.string_at(0, 1 << 20))', any: true },
];
