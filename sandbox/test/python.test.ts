import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Outcome, openSandbox } from '../supervisor/supervisor.ts';

const sandbox = openSandbox({ processes: 3, spares: 1 });
afterAll(() => sandbox.close());

const party = { publisher: 'ada', tenant: 'demo' };
const run = (text: string, input?: unknown, more: Parameters<typeof sandbox.run>[3] = {}) =>
  sandbox.run(party, { file: 'mine.py', text }, input, more);
// The first of all makes the snapshot, which takes some seconds.
beforeAll(() => run('1'));
const open = (text: string, limits = {}) => sandbox.open(party, { file: 'mine.py', text }, limits);
const cameOf = (outcome: Outcome) => (outcome.ok ? outcome.value : outcome.error);
const lines = (...text: string[]) => text.join('\n');

describe('the value', () => {
  test.each<[string, string, unknown]>([
    ['of a program is its last expression', 'a = 41\na + 1', 42],
    ['is nothing when the last line is no expression', 'a = 41', null],
    ['is what the program calls its default', 'default = {"a": (1, 2)}\n5', { a: [1, 2] }],
    ['is what it waited for', 'import asyncio\nawait asyncio.sleep(0, 7)', 7],
    ['of asyncio.run is what it waited for', 'import asyncio\nasyncio.run(asyncio.sleep(0.01, 8))', 8],
    ['that is no number is nothing', '[float("nan"), float("inf"), 1.5]', [null, null, 1.5]],
    [
      'that is a large whole number is its text',
      '{"n": 2 ** 64, 2 ** 53: 1}',
      { n: '18446744073709551616', '9007199254740992': 1 },
    ],
    ['of any letters stays what it is', '"ü😀\\u2028\\"" + chr(0)', 'ü😀\u2028"\0'],
    ['that JSON does not know is said in its terms', '[{3}, range(2), b"x", 1j]', [[3], [0, 1], "b'x'", '1j']],
    [
      'of a dataclass is its fields',
      'from dataclasses import dataclass\n@dataclass\nclass P:\n  x: int\nP(3)',
      { x: 3 },
    ],
    ['of a program that leaves without complaint is nothing', 'import sys\nsys.exit(0)', null],
  ])('%s', async (_what, text, value) => {
    expect(cameOf(await run(text))).toEqual(value);
  });

  test('of a function is what it answers to the input', async () => {
    expect(cameOf(await run('lambda given: given["n"] * 2', { n: 21 }))).toBe(42);
    expect(cameOf(await run('lambda: "asked for nothing"', { n: 21 }))).toBe('asked for nothing');
  });

  test('of a program with a main function is what that answers', async () => {
    const text = lines(
      'from plinth import main',
      '@main',
      'def add(given):',
      '  return given["a"] + given["b"]',
      '"last"',
    );
    expect(cameOf(await run(text, { a: 'ü', b: '!' }))).toBe('ü!');
  });
});

describe('an error', () => {
  const place = (line: number, column: number) => ({ file: 'mine.py', line, column });

  test('is told by its place, in letters as editors count them', async () => {
    const text = lines('def half(n):', '    return n / 2', '', '', 'x = "😀ü", half("odd")');
    expect(cameOf(await run(text))).toEqual({
      code: 'sandbox.threw',
      message: "TypeError: unsupported operand type(s) for /: 'str' and 'int'",
      ...place(2, 12),
    });
    expect(cameOf(await run('y = "😀ü", nowhere'))).toMatchObject({
      message: "NameError: name 'nowhere' is not defined",
      ...place(1, 12),
    });
  });

  test('inside a library has the place of the creator’s own call', async () => {
    expect(cameOf(await run(lines('import json', 'def f():', '  json.loads("{")', 'f()')))).toMatchObject({
      message: expect.stringContaining('JSONDecodeError: Expecting property name'),
      ...place(3, 3),
    });
  });

  test('of a group of tasks is the first one’s', async () => {
    const text = lines(
      ...['import asyncio', 'async def f():', '  raise KeyError("x")', 'async def g():'],
      ...['  async with asyncio.TaskGroup() as group:', '    group.create_task(f())', 'await g()'],
    );
    expect(cameOf(await run(text))).toMatchObject({ message: "KeyError: 'x'", ...place(3, 3) });
  });

  test.each([
    ['a bracket that is not closed', lines('a = 1', 'b = (', 'c = 2'), "'(' was never closed", place(2, 5)],
    ['a line that stands too far in', lines('a = 1', '  b = 2'), 'unexpected indent', place(2, 2)],
    ['return outside a function', lines('a = 1', 'return a'), "'return' outside function", place(2, 1)],
  ])('of syntax has its place too: %s', async (_what, text, message, at) => {
    expect(cameOf(await run(text))).toEqual({ code: 'sandbox.syntax', message, ...at });
  });

  test('that cannot be told in words is told by its name', async () => {
    const text = lines('class Odd(Exception):', '  def __str__(self): raise ValueError', 'raise Odd()');
    expect(cameOf(await run(text))).toMatchObject({ message: 'Odd', ...place(3, 1) });
  });

  test('of waiting for nobody has the place where it waits', async () => {
    const text = lines('import asyncio', 'async def f():', '  await asyncio.Future()', 'await f()');
    expect(cameOf(await run(text))).toEqual({
      code: 'sandbox.threw',
      message: 'It waits for something that nobody will do.',
      ...place(3, 3),
    });
  });

  test('while it loads leaves nothing to be called', async () => {
    const program = open('raise ValueError("no")');
    expect(cameOf(await program.call())).toMatchObject({ message: 'ValueError: no' });
    expect(cameOf(await program.call())).toMatchObject({ message: 'ValueError: no' });
  });
});

describe('printing', () => {
  const printedBy = async (text: string, limits = {}) => {
    const printed: string[] = [];
    const outcome = await run(text, undefined, { limits, onPrint: (line) => printed.push(line) });
    return { printed, outcome };
  };

  test('arrives line by line in its order, whichever way it goes', async () => {
    const text = lines(
      'import sys, os, asyncio',
      'print("a", {"b": 1})',
      'print("c", file=sys.stderr)',
      'sys.stdout.write("d")',
      'print("e")',
      'os.write(1, b"f\\n")',
      'await asyncio.sleep(0.01)',
      'print("ü😀", end="")',
    );
    expect((await printedBy(text)).printed).toEqual(["a {'b': 1}", 'c', 'de', 'f', 'ü😀']);
  });

  test('ends at the limit, and says so', async () => {
    const { printed, outcome } = await printedBy('for i in range(10_000): print("x" * 50)\n"done"', {
      printBytes: 500,
    });
    expect(outcome).toMatchObject({ ok: true, value: 'done' });
    expect(printed.at(-1)).toContain('it printed more than 500 characters');
    expect(printed.join('\n').length).toBeLessThan(700);
  });

  test('is allowed anew with each call', async () => {
    const program = open('lambda given: print("x" * 90)', { printBytes: 100 });
    for (const _ of [1, 2]) {
      const printed: string[] = [];
      await program.call(1, { onPrint: (line) => printed.push(line) });
      expect(printed).toEqual(['x'.repeat(90)]);
    }
  });
});

describe('what the host grants', () => {
  const grants = {
    add: async (given: unknown) => (given as { a: number }).a + 1,
    never: () => new Promise(() => {}),
    fail: async () => {
      throw new Error('No such row.');
    },
  };

  test('is asked for by name, many at once', async () => {
    const text = lines(
      'import asyncio',
      'async def f(given, host):',
      '  first = await host("add", {"a": given})',
      '  return [first, *await asyncio.gather(*(host("add", {"a": n}) for n in range(3)))]',
      'f',
    );
    expect(cameOf(await run(text, 41, { grants }))).toEqual([42, 1, 2, 3]);
  });

  test.each([
    ['that fails', 'fail', 'HostError: No such row.'],
    ['that was not granted', 'other', 'HostError: "other" was not granted.'],
    ['of every object', 'constructor', 'HostError: "constructor" was not granted.'],
  ])('%s is an error where it was asked for', async (_what, name, message) => {
    const text = lines('async def f(given, host):', `  return await host("${name}")`, 'f');
    const error = { code: 'sandbox.threw', message, file: 'mine.py', line: 2, column: 10 };
    expect(cameOf(await run(text, 1, { grants }))).toEqual(error);
  });

  test('is counted, and bounded in what it may be told', async () => {
    const counted = lines(
      'async def f(given, host):',
      '  for n in range(99):',
      '    try: await host("add", {"a": 1})',
      '    except RuntimeError as error: return [n, str(error)]',
      'f',
    );
    const limit = 'It called what it was given more than 3 times, which is the limit.';
    expect(cameOf(await run(counted, 1, { grants, limits: { calls: 3 } }))).toEqual([3, limit]);
    const long = lines('async def f(given, host): return await host("add", "x" * 2000)', 'f');
    expect(cameOf(await run(long, 1, { grants, limits: { callBytes: 1000 } }))).toMatchObject({
      message: 'ValueError: That is more than 1000 bytes in one call, which is the limit.',
    });
  });

  test('cannot be asked for in the name of a later call', async () => {
    const program = open(
      lines(
        ...['left = None', 'async def f(who, host):', '  global left'],
        ...['  if who == "first": left = host; return "kept"'],
        ...['  try: return await left("whoami")', '  except RuntimeError as error: return str(error)', 'f'],
      ),
    );
    const as = (who: string) => program.call(who, { grants: { whoami: async () => who } });
    expect(cameOf(await as('first'))).toBe('kept');
    expect(cameOf(await as('second'))).toBe('That call is over.');
  });

  test('that never answers ends with the time', async () => {
    const text = lines('async def f(given, host): return await host("never")', 'f');
    const outcome = await run(text, 1, { grants, limits: { wallMs: 300 } });
    expect(cameOf(outcome)).toMatchObject({ code: 'sandbox.time' });
  });
});

test('a task that a call left behind does not go on in the next one', async () => {
  const text = lines(
    ...['import asyncio', 'ticks = []', 'async def tick():', '  while True:'],
    ...['    ticks.append(1)', '    await asyncio.sleep(0.001)'],
    ...['async def f(given):', '  if given: task = asyncio.create_task(tick())'],
    ...['  seen = len(ticks)', '  await asyncio.sleep(0.05)', '  return len(ticks) - seen', 'f'],
  );
  const program = open(text);
  expect(cameOf(await program.call(true))).toBeGreaterThan(0);
  expect(cameOf(await program.call(false))).toBe(0);
});

test('two programs do not see each other’s globals, modules or files', async () => {
  const leave = lines(
    'import math, builtins',
    'secret = builtins.secret = math.secret = 1',
    'open("secret", "w").write("1")',
  );
  const look = lines(
    'import math, builtins, os',
    '["secret" in globals(), hasattr(builtins, "secret"), hasattr(math, "secret"), os.path.exists("secret")]',
  );
  const [left, looks] = [open(leave), open(look)];
  expect(cameOf(await left.call())).toBe(1);
  expect(cameOf(await looks.call())).toEqual([false, false, false, false]);
});

test('as many programs as a process keeps are ready at once', async () => {
  const programs = [1, 2, 3, 4].map((n) => open(`memory = bytes(40 << 20)\nlambda given: given + ${n}`));
  for (const _ of ['load', 'again'])
    for (const [at, program] of programs.entries()) expect(cameOf(await program.call(10))).toBe(11 + at);
  for (const program of programs) program.forget();
});

test('a program keeps what it has between its calls', async () => {
  const program = open('n = 0\ndef f(given):\n  global n\n  n += given\n  return n\nf');
  expect(cameOf(await program.call(2))).toBe(2);
  expect(cameOf(await program.call(3))).toBe(5);
});

test('chance differs from run to run', async () => {
  const text = 'import random, os, uuid\n[random.random(), os.urandom(8).hex(), str(uuid.uuid4())]';
  const [a, b] = [cameOf(await run(text)) as string[], cameOf(await run(text)) as string[]];
  for (const at of [0, 1, 2]) expect(a[at]).not.toBe(b[at]);
});

describe('a limit', () => {
  const cpu = { cpuMs: 200, wallMs: 5_000 };
  test.each<[string, string, object, string]>([
    ['an endless loop', 'x = 0\nwhile True:\n  x += 1', cpu, 'sandbox.cpu'],
    [
      'a loop that swallows every error',
      'while True:\n  try:\n    while True: pass\n  except BaseException: pass',
      cpu,
      'sandbox.cpu',
    ],
    ['an expression that backtracks', 'import re\nre.match(r"(a+)+$", "a" * 40 + "b")', cpu, 'sandbox.cpu'],
    ['a number without end', '10 ** 10 ** 7', cpu, 'sandbox.cpu'],
    ['an async loop', 'import asyncio\nwhile True: await asyncio.sleep(0)', cpu, 'sandbox.cpu'],
    ['sleeping too long', 'import time\ntime.sleep(60)', { cpuMs: 60_000, wallMs: 300 }, 'sandbox.time'],
    ['waiting too long', 'import asyncio\nawait asyncio.sleep(60)', { wallMs: 300 }, 'sandbox.time'],
    ['a gigabyte', 'bytearray(1 << 30)', {}, 'sandbox.memory'],
    [
      'many megabytes',
      'a = []\nwhile True: a.append(bytes(1 << 20))',
      { memoryMb: 32, cpuMs: 10_000 },
      'sandbox.memory',
    ],
    ['a long answer', '"x" * 2000', { valueBytes: 1000 }, 'sandbox.value'],
  ])('ends %s, and is named', async (_what, text, limits, code) => {
    const outcome = await run(text, undefined, { limits });
    expect(cameOf(outcome)).toMatchObject({ code, message: expect.stringContaining('which is the limit.') });
  });

  test('says in which line it was computing', async () => {
    const text = lines('def spin():', '  n = 0', '  while True:', '    n += 1', 'spin()');
    const { line } = cameOf(await run(text, undefined, { limits: cpu })) as { line: number };
    expect([3, 4]).toContain(line);
  });

  test('leaves a program all that it may have', async () => {
    expect(cameOf(await run('len(bytearray(90 << 20))', undefined, { limits: { memoryMb: 128 } }))).toBe(90 << 20);
  });

  test('of recursion is Python’s own', async () => {
    const text = lines('def f(n):', '  return f(n + 1)', 'f(0)');
    expect(cameOf(await run(text))).toMatchObject({
      code: 'sandbox.threw',
      message: expect.stringContaining('RecursionError: maximum recursion depth exceeded'),
      line: 2,
    });
  });
});

test.each([
  ['os._exit(3)', 'import os\nlambda given: os._exit(3) if given else "here"'],
  ['writing over all memory', 'import ctypes\nlambda given: ctypes.memset(0, 255, 1 << 22) if given else "here"'],
])('%s ends only that interpreter', async (_what, text) => {
  const program = open(text);
  expect(cameOf(await program.call(false))).toBe('here');
  expect(cameOf(await program.call(true))).toMatchObject({ code: 'sandbox.crashed' });
  expect(cameOf(await program.call(false))).toBe('here');
});

test('behind the reduced wall it runs as well', async () => {
  await using reduced = openSandbox({
    wall: { kind: 'reduced', bounded: sandbox.wall.bounded },
    processes: 1,
    spares: 0,
  });
  expect(cameOf(await reduced.run(party, { file: 'x.py', text: '6 * 7' }))).toBe(42);
});
