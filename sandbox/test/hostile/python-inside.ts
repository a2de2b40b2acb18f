// Python that turns the interpreter's own parts, and what we keep in it, against us.
import type { Hostile } from './attack.ts';

const LOOP = 'sandbox.cpu';
const lines = (...text: string[]) => text.join('\n');

/** Found as well, by a search that is one. */
const PLANTED = '00000000-0000-4000-8000-000000000000';

/** All that can be reached from the frames of a call, from what is collected, and from every module: texts among it. */
const DIG = lines(
  'import gc, sys, types',
  'def dig(*starts):',
  '  seen, found, todo = set(), set(), list(starts)',
  '  frame = sys._getframe()',
  '  while frame: todo += [frame.f_locals, frame.f_globals, frame.f_builtins]; frame = frame.f_back',
  '  todo += list(sys.modules.values())',
  '  for one in gc.get_objects():',
  '    if type(one).__name__ in ("Host", "cell", "frame", "coroutine", "JsProxy", "Task"): todo.append(one)',
  '  while todo and len(seen) < 120_000:',
  '    one = todo.pop()',
  '    if id(one) in seen: continue',
  '    seen.add(id(one))',
  '    if isinstance(one, str):',
  '      if len(one) == 36 and one.count("-") == 4 and one != "-" * 36 and one[8] == one[13] == "-": found.add(one)',
  '    else:',
  '      todo += gc.get_referents(one)',
  '      if type(one).__name__ == "Host": todo.append(one._Host__ask)',
  '  return sorted(found)',
  '',
);

export const insidePython: readonly Hostile[] = [
  {
    name: 'the call’s name in all that can be reached',
    code: `${DIG}planted = ["${PLANTED}"]\nlambda given, host: dig(given, host)`,
    value: [PLANTED],
  },
  {
    name: 'the call’s name by way of JavaScript',
    code: lines(
      'def f(given, host):',
      '  ask = host._Host__ask',
      '  Function = ask.constructor',
      '  seen = Function("ask", "return [String(ask), Object.getOwnPropertyNames(ask).join(), String(ask.caller), String(ask.arguments)]")',
      '  try: found = list(seen(ask))',
      '  except BaseException as error: found = [str(error)]',
      '  return [one for one in found if one.count("-") >= 4 and "=>" not in one]',
      'f',
    ),
    value: [],
  },
  {
    name: 'the call’s name where JavaScript’s lists are gone through',
    code: lines(
      'from pyodide.ffi import to_js',
      'Function = to_js({}).constructor.constructor',
      'Function("""',
      '  globalThis.overheard = [];',
      '  const { values } = Array.prototype;',
      '  Array.prototype[Symbol.iterator] = function () { overheard[overheard.length] = Array.prototype.join.call(this); return values.call(this); };',
      '""")()',
      'async def f(given, host):',
      '  try: await host("nothing")',
      '  except Exception: pass',
      '  return Function("return overheard.filter((one) => /[0-9a-f]{8}-[0-9a-f]{4}-/.test(one)).length")()',
      'f',
    ),
    value: 0,
  },
  {
    name: 'asking in the name of a call that is over',
    code: lines(
      'left = None',
      'async def f(n, host):',
      '  global left',
      '  if n == 0: left = host; return "kept"',
      '  try: return await left("anything")',
      '  except Exception as error: return str(error)',
      'f',
    ),
    calls: 2,
    value: 'That call is over.',
  },
  {
    name: 'the frames of whoever drives it, rewritten',
    code: lines(
      'import sys',
      'frame = sys._getframe()',
      'while frame:',
      '  for name in ("_kept", "_loop", "_task", "_finish", "_arity", "failed", "begin"): frame.f_globals[name] = None',
      '  frame = frame.f_back',
      'lambda: 1',
    ),
    any: true,
  },
  {
    name: 'our modules read anew',
    code: lines(
      'import importlib, sys',
      'for name in list(sys.modules):',
      '  if name.startswith("plinth"):',
      '    try: importlib.reload(sys.modules[name])',
      '    except BaseException: pass',
      'lambda: 1',
    ),
    any: true,
  },
  {
    name: 'all modules taken away',
    code: lines('import sys', 'for name in list(sys.modules): del sys.modules[name]', 'lambda: 1'),
    any: true,
  },
  {
    name: 'imports given another way',
    code: lines(
      'import builtins, sys, codecs',
      'builtins.__import__ = lambda *a, **k: sys',
      'sys.meta_path[:] = []',
      'sys.path_hooks[:] = []',
      'codecs.register(lambda name: (_ for _ in ()).throw(SystemExit(3)))',
      'lambda given: "ü"',
    ),
    any: true,
  },
  {
    name: 'a codec that never ends',
    code: lines(
      'import codecs',
      'def look(name):',
      '  while True: pass',
      'codecs.register(look)',
      '"x".encode("nowhere")',
    ),
    fails: LOOP,
  },
  {
    name: 'code unmarshalled from noise',
    code: lines(
      'import marshal, os',
      'for n in range(3_000):',
      '  try: marshal.loads(os.urandom(40))',
      '  except BaseException: pass',
      '"read"',
    ),
    any: true,
  },
  {
    name: 'code unmarshalled and run',
    code: lines(
      'import marshal, types',
      'code = (lambda: 1).__code__',
      'for n in range(256):',
      '  try: types.FunctionType(code.replace(co_code=bytes([n, 255] * 8), co_consts=()), {})()',
      '  except BaseException: pass',
      '"ran"',
    ),
    any: true,
  },
  {
    name: 'a pickle that multiplies',
    code: lines(
      'import pickle',
      'bomb = b"(lp0\\n" + b"".join(b"(g%d\\ng%d\\nlp%d\\n" % (n, n, n + 1) for n in range(40)) + b"."',
      'repr(pickle.loads(bomb))',
    ),
    any: true,
  },
  {
    name: 'decimals without end',
    code: lines('import decimal', 'decimal.getcontext().prec = 10 ** 7', 'decimal.Decimal(2).sqrt()'),
    any: true,
  },
  {
    name: 'decimals that need all memory',
    code: lines(
      'import decimal',
      'decimal.getcontext().prec = decimal.MAX_PREC',
      'decimal.getcontext().Emax = decimal.MAX_EMAX',
      'decimal.Decimal(1) / 3',
    ),
    any: true,
  },
  { name: 'factors without end', code: lines('import math', 'math.factorial(10 ** 7)'), any: true },
  { name: 'a pattern nested too deeply', code: lines('import re', 're.compile("(" * 5_000 + ")" * 5_000)'), any: true },
  {
    name: 'products without end',
    code: lines('import itertools', 'sum(1 for _ in itertools.product(range(1000), repeat=9))'),
    fails: LOOP,
  },
  {
    name: 'signals by every number',
    code: lines(
      'import signal',
      'for n in range(64):',
      '  try: signal.signal(n, lambda *_: None)',
      '  except BaseException: pass',
      '  try: signal.raise_signal(n)',
      '  except BaseException: pass',
      '"still here"',
    ),
    any: true,
  },
  {
    name: 'a fault on purpose',
    code: lines(
      'import faulthandler',
      'try: faulthandler.enable()',
      'except BaseException: pass',
      'faulthandler._sigsegv()',
    ),
    any: true,
  },
  {
    name: 'an interpreter inside',
    code: lines(
      'try:',
      '  import _interpreters as inner',
      'except ImportError:',
      '  import _xxsubinterpreters as inner',
      'inner.run_string(inner.create(), "import os; os.abort()")',
    ),
    any: true,
  },
  {
    name: 'a view of memory that is given back',
    code: lines(
      'import ctypes, array',
      'one = array.array("B", bytes(1 << 16))',
      'view = memoryview(one)',
      'raw = (ctypes.c_ubyte * (1 << 20)).from_buffer_copy(bytes(1 << 20))',
      'ctypes.memmove(id(view) + 8, bytes(64), 64)',
      'bytes(view)[:4]',
    ),
    any: true,
  },
  {
    name: 'a trace of every step',
    code: lines('import sys', 'def step(*_):', '  while True: pass', 'sys.settrace(step)', 'lambda: 1'),
    any: true,
  },
  {
    name: 'a profile of every call',
    code: lines(
      'import sys',
      'seen = []',
      'sys.setprofile(lambda frame, event, what: seen.append(frame.f_locals))',
      'lambda given, host: [str(one.get("token")) for one in seen if "token" in one]',
    ),
    value: [],
  },
  {
    name: 'an audit of everything',
    code: lines('import sys', 'def hook(*_):', '  while True: pass', 'sys.addaudithook(hook)', 'open("x")'),
    fails: LOOP,
  },
  {
    name: 'work left for the end',
    code: lines('import atexit', 'def last():', '  while True: pass', 'atexit.register(last)', '"done"'),
    value: 'done',
  },
  {
    name: 'a destructor after the answer',
    code: lines(
      'import gc',
      'class Late:',
      '  def __del__(self):',
      '    while True: pass',
      'def f(n):',
      '  late = Late(); late.self = late',
      '  return "answered"',
      'f',
    ),
    any: true,
  },
  {
    name: 'a weak reference that works at the end',
    code: lines(
      'import weakref, gc',
      'class A: pass',
      'def f(n):',
      '  a = A(); weakref.finalize(a, print, "x" * 100)',
      '  return n',
      'f',
    ),
    calls: 3,
    value: 2,
  },
  {
    name: 'an answer of a dict that changes',
    code: lines('class Odd(dict):', '  def items(self):', '    while True: yield ("a", 1)', 'Odd(a=1)'),
    any: true,
  },
  {
    name: 'an answer with a class of its own',
    code: lines(
      'class Odd(str):',
      '  def __str__(self): raise SystemExit',
      '  def encode(self, *_): return b"]}"',
      '  def __getitem__(self, at): return "v"',
      'Odd("x")',
    ),
    any: true,
  },
  {
    name: 'leaving in the middle',
    code: lines('import sys', 'def f(n):', '  sys.exit("bye")', 'f'),
    fails: 'sandbox.threw',
  },
  {
    name: 'leaving by every error there is',
    code: lines('class Odd(BaseException): pass', 'raise Odd()'),
    fails: 'sandbox.threw',
  },
  { name: 'an interrupt of its own', code: 'raise KeyboardInterrupt', fails: 'sandbox.threw' },
  { name: 'memory that says it is out', code: 'raise MemoryError("none left")', fails: 'sandbox.memory' },
  {
    name: 'JavaScript’s clocks and timers',
    code: lines(
      'from pyodide.ffi import to_js',
      'Function = to_js({}).constructor.constructor',
      'Function("return [typeof Atomics, typeof SharedArrayBuffer, typeof WebAssembly.Memory, typeof importScripts, typeof loadPyodide, typeof process].join()")()',
    ),
    value: 'undefined,undefined,undefined,undefined,undefined,undefined',
  },
  {
    name: 'JavaScript run by Pyodide',
    code: lines(
      'import pyodide, _pyodide_core',
      'from pyodide.code import eval_code',
      "eval_code(\"__import__('os').system('id')\")",
    ),
    any: true,
  },
  {
    name: 'packages from elsewhere',
    code: lines(
      'def f():',
      '  import micropip',
      'try: f()',
      'except BaseException as error: result = type(error).__name__',
      'result',
    ),
    value: 'ModuleNotFoundError',
  },
  {
    name: 'a web page fetched',
    code: lines(
      'async def f(given):',
      '  from pyodide.http import pyfetch',
      '  return await pyfetch("http://127.0.0.1:1/")',
      'f',
    ),
    any: true,
  },
];
