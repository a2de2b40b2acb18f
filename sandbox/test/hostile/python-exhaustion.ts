// Python that takes more than it may, or breaks what it runs on. Each says what must come of it, besides that nobody else
// suffers: `value` an answer, `fails` an error of that code.
import type { Hostile } from './attack.ts';

const LOOP = 'sandbox.cpu';
const lines = (...text: string[]) => text.join('\n');
/** Tries each expression, and answers what came of it: the error's name, or the value. */
const tries = (...expressions: string[]) =>
  lines(
    'def tried(what):',
    '  try: return eval(what)',
    '  except BaseException as error: return type(error).__name__',
    `[tried(what) for what in ${JSON.stringify(expressions)}]`,
  );

export const exhaustingPython: readonly Hostile[] = [
  { name: 'the end of the interpreter', code: 'import os\nos._exit(3)', fails: 'sandbox.crashed' },
  { name: 'an abort', code: 'import os\nos.abort()', fails: 'sandbox.crashed' },
  {
    name: 'a signal to itself',
    code: tries('__import__("os").kill(__import__("os").getpid(), 9)', '__import__("signal").raise_signal(2)'),
    any: true,
  },
  {
    name: 'a fatal error of the interpreter',
    code: 'import _pyodide_core\n_pyodide_core.trigger_fatal_error()',
    fails: 'sandbox.crashed',
  },
  { name: 'a call to nowhere', code: 'import ctypes\nctypes.CFUNCTYPE(None)(12345678)()', any: true },
  {
    name: 'a stack that overflows in C',
    code: lines('a = []', 'for _ in range(200_000): a = [a]', 'repr(a)'),
    any: true,
  },
  { name: 'an endless loop', code: 'while True: pass', fails: LOOP },
  {
    name: 'interrupts swallowed',
    code: lines('while True:', '  try:', '    while True: pass', '  except BaseException: pass'),
    fails: LOOP,
  },
  {
    name: 'interrupts swallowed in finally',
    code: lines('def f():', '  try:', '    while True: pass', '  finally: f()', 'f()'),
    fails: LOOP,
  },
  {
    name: 'interrupts given another handler',
    code: lines('import signal', 'signal.signal(signal.SIGINT, lambda *_: None)', 'while True: pass'),
    fails: LOOP,
  },
  {
    name: 'interrupts switched off',
    code: lines(
      'import ctypes',
      'word = ctypes.c_int.in_dll(ctypes.pythonapi, "Py_EMSCRIPTEN_SIGNAL_HANDLING")',
      'word.value = 0',
      'while True: pass',
    ),
    any: true,
  },
  {
    name: 'a destructor without end',
    code: lines('class D:', '  def __del__(self): D()', 'D()', 'while True: pass'),
    fails: LOOP,
  },
  {
    name: 'an error whose text has no end',
    code: lines('class E(Exception):', '  def __str__(self):', '    while True: pass', 'raise E'),
    fails: LOOP,
  },
  { name: 'an error whose text is long', code: 'raise ValueError("x" * (8 << 20))', fails: 'sandbox.threw' },
  {
    name: 'a value whose text has no end',
    code: lines('class V:', '  def __str__(self):', '    while True: pass', 'V()'),
    fails: LOOP,
  },
  { name: 'an infinite generator', code: 'import itertools\nsum(itertools.count())', fails: LOOP },
  { name: 'an infinite generator as a list', code: 'import itertools\nlist(itertools.repeat("x" * 100))', any: true },
  { name: 'an expression that backtracks', code: 'import re\nre.match(r"(a|aa)+$", "a" * 60 + "b")', fails: LOOP },
  { name: 'a giant whole number', code: '10 ** 10 ** 8', fails: LOOP },
  {
    name: 'a giant number’s digits',
    code: lines('import sys', 'sys.set_int_max_str_digits(0)', 'str(3 ** 3_000_000)'),
    any: true,
  },
  { name: 'a string bomb', code: lines('s = "x" * (1 << 20)', 'while True: s += s'), fails: 'sandbox.memory' },
  { name: 'a string bomb in a format', code: '"{:>{n}}".format("x", n=1 << 31 - 1)', fails: 'sandbox.memory' },
  { name: 'a gigabyte of bytes', code: 'bytearray(1 << 30)', fails: 'sandbox.memory' },
  {
    name: 'memory bit by bit, errors swallowed',
    code: lines('a = []', 'while True:', '  try: a.append(bytes(1 << 20))', '  except MemoryError: pass'),
    fails: LOOP,
  },
  {
    name: 'a zip bomb',
    code: lines(
      'import zlib',
      'z = zlib.compress(bytes(1 << 24), 9)',
      'a = []',
      'while True: a.append(zlib.decompress(z))',
    ),
    any: true,
  },
  {
    name: 'a pickle that calls',
    code: lines('import pickle', 'pickle.loads(b"cos\\nsystem\\n(S\'id\'\\ntR.")'),
    any: true,
  },
  {
    name: 'a pickle that grows',
    code: lines('import pickle', 'pickle.loads(b"\\x80\\x04\\x8e" + (1 << 40).to_bytes(8, "little"))'),
    any: true,
  },
  {
    name: 'code built by hand',
    code: lines('def f(): pass', 'f.__code__ = f.__code__.replace(co_code=b"\\xff" * 64, co_stacksize=1)', 'f()'),
    any: true,
  },
  { name: 'a deep expression', code: lines('eval("(" * 10_000 + ")" * 10_000)'), any: true },
  {
    name: 'recursion without a limit',
    code: lines('import sys', 'sys.setrecursionlimit(1 << 30)', 'def f(): return f()', 'f()'),
    any: true,
  },
  {
    name: 'recursion in comparison',
    code: lines('a = []; a.append(a)', 'b = []; b.append(b)', 'a == b'),
    fails: 'sandbox.threw',
  },
  { name: 'a value that holds itself', code: lines('a = {}', 'a["a"] = a', 'a'), fails: 'sandbox.threw' },
  { name: 'printing without end', code: 'while True: print("x" * 1000)', fails: LOOP },
  { name: 'one line without end', code: lines('import sys', 'while True: sys.stdout.write("x" * 1000)'), fails: LOOP },
  { name: 'a long answer', code: '"x" * (4 << 20)', fails: 'sandbox.value' },
  {
    name: 'timers without end',
    code: lines(
      'import asyncio',
      'loop = asyncio.get_running_loop()',
      'def again(): loop.call_soon(again); loop.call_soon(again)',
      'again()',
      'await asyncio.sleep(60)',
    ),
    any: true,
  },
  {
    name: 'tasks without end',
    code: lines(
      'import asyncio',
      'async def f():',
      '  while True: asyncio.create_task(f()); await asyncio.sleep(0)',
      'await f()',
    ),
    any: true,
  },
  {
    name: 'a deadlock of locks',
    code: lines('import asyncio', 'a = asyncio.Lock()', 'await a.acquire()', 'await a.acquire()'),
    fails: 'sandbox.threw',
  },
  {
    name: 'a deadlock of a thread’s lock',
    code: lines('import threading', 'a = threading.Lock()', 'a.acquire()', 'a.acquire()'),
    any: true,
  },
  {
    name: 'a timer that is due in a thousand years',
    code: lines('import asyncio', 'await asyncio.sleep(3e10)'),
    fails: 'sandbox.time',
  },
  { name: 'sleeping for ever', code: 'import time\ntime.sleep(1e9)', any: true },
  { name: 'reading what nobody types', code: 'input("? ")', fails: 'sandbox.threw' },
  {
    name: 'cancelling whoever drives it',
    code: lines('import asyncio', 'asyncio.current_task().cancel()', 'await asyncio.sleep(1)'),
    fails: 'sandbox.threw',
  },
  {
    name: 'an error that says where it was not',
    code: lines('exec(compile("\\n" * 99 + "1/0", "stranger.py", "exec"))'),
    fails: 'sandbox.threw',
  },
  {
    name: 'a name that is no file',
    code: lines('exec(compile("1/0", "\\n at (/etc/passwd:1:1)\\n", "exec"))'),
    fails: 'sandbox.threw',
  },
];
