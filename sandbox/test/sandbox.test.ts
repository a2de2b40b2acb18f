import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text as readAll } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { type Outcome, openSandbox } from '../supervisor/supervisor.ts';

const sandbox = openSandbox({ processes: 3, spares: 1 });
afterAll(() => sandbox.close());

const party = { publisher: 'ada', tenant: 'demo' };
const run = (text: string, input?: unknown, more: Parameters<typeof sandbox.run>[3] & { file?: string } = {}) =>
  sandbox.run(party, { file: more.file ?? 'mine.ts', text }, input, more);
const cameOf = (outcome: Outcome) => (outcome.ok ? outcome.value : outcome.error);

test('two tenants that call at once each act as themselves', async () => {
  const text = `export default async (name, { host }) => {
    const first = await host('whoami');
    for (let i = 0; i < 1e6; i++);
    return [name, first, await host('whoami')];
  }`;
  const callers = ['a', 'b', 'c', 'd'].map((tenant) => ({
    tenant,
    program: sandbox.open({ publisher: 'ada', tenant }, { file: 'x.js', text }),
  }));
  const rounds = Array.from({ length: 5 }, () => callers).flat();
  const outcomes = await Promise.all(
    rounds.map(({ tenant, program }) => program.call(tenant, { grants: { whoami: async () => tenant } })),
  );
  expect(outcomes.map(cameOf)).toEqual(rounds.map(({ tenant }) => [tenant, tenant, tenant]));
});

test('what an earlier call left behind cannot ask in the name of a later one', async () => {
  const text = `let left; export default async (who, { host }) => {
    if (who === 'first') { left = host; return 'kept'; }
    try { return await left('whoami'); } catch (e) { return e.message; }
  }`;
  const program = sandbox.open(party, { file: 'x.js', text });
  const as = (who: string) => program.call(who, { grants: { whoami: async () => who } });
  expect(cameOf(await as('first'))).toBe('kept');
  expect(cameOf(await as('second'))).toBe('That call is over.');
});

test('an answer that comes late is not taken for one that somebody else waits for', async () => {
  await using small = openSandbox({ processes: 1, spares: 0 });
  const open = (text: string) => small.open(party, { file: 'x.js', text });
  const hasty = open(`export default (_, { host }) => { host('slow'); return 'gone' }`);
  const patient = open(`export default async (_, { host }) => host('quick')`);
  const after = (ms: number, value: string) => () => new Promise((resolve) => setTimeout(resolve, ms, value));
  await patient.call(0, { grants: { quick: async () => 'warm' } });
  // Each asks for the second time in its life.
  await hasty.call(0, { grants: { slow: async () => 'first' } });
  expect(cameOf(await hasty.call(0, { grants: { slow: after(100, 'not for you') } }))).toBe('gone');
  expect(cameOf(await patient.call(0, { grants: { quick: after(300, 'yours') } }))).toBe('yours');
});

test('a process that has used a sandbox and forgot to close it ends by itself', async () => {
  const script = `
    import { openSandbox } from ${JSON.stringify(new URL('../supervisor/supervisor.ts', import.meta.url).href)};
    const sandbox = openSandbox();
    for (const file of ['a.js', 'b.py'])
      console.log(JSON.stringify(await sandbox.run({ publisher: 'a', tenant: 'b' }, { file, text: '6 * 7' })));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const late = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const [said, [code]] = await Promise.all([readAll(child.stdout), once(child, 'exit')]);
  clearTimeout(late);
  expect(
    said
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).value),
  ).toEqual([42, 42]);
  expect(code).toBe(0);
}, 40_000);

describe('the value', () => {
  test.each<[string, string, unknown]>([
    ['of a script is its last expression', 'const a: number = 41; a + 1', 42],
    ['of a module is its default export', 'export default { a: [1, 2] }', { a: [1, 2] }],
    ['of a promise is what it is kept with', 'await null; export default Promise.resolve(7)', 7],
    ['that is no JSON is null', 'undefined', null],
    ['that is a large whole number is its text', '({ n: 2n ** 64n })', { n: '18446744073709551616' }],
  ])('%s', async (_what, text, value) => {
    expect(await run(text)).toMatchObject({ ok: true, value });
  });

  test('of a function is what it answers to the input', async () => {
    expect(cameOf(await run('export default ({ n }: { n: number }) => n * 2', { n: 21 }))).toBe(42);
  });
});

describe('an error', () => {
  test('is told by the place in what was written, not in what was run', async () => {
    const text = [
      'interface A {',
      '  n: number;',
      '}',
      'const f = (a: A): number => {',
      '  throw new Error("no");',
      '};',
      'f({ n: 1 });',
    ].join('\n');
    expect(cameOf(await run(text))).toMatchObject({
      code: 'sandbox.threw',
      message: 'Error: no',
      file: 'mine.ts',
      line: 5,
      column: 9,
    });
  });

  test('of syntax has its place too', async () => {
    expect(cameOf(await run('let a = 1;\nlet b = ;'))).toMatchObject({
      code: 'sandbox.syntax',
      file: 'mine.ts',
      line: 2,
      column: 9,
    });
  });

  test('of an import says what may be imported', async () => {
    expect(cameOf(await run('import fs from "node:fs";\nexport default fs.readdirSync("/")'))).toMatchObject({
      code: 'sandbox.syntax',
      line: 1,
      message: expect.stringContaining('a program may import @plinth/sdk/effect'),
    });
  });

  test.each([
    ['new Promise(() => {})', { wallMs: 200 }, 'sandbox.time', 'It had not answered after 200 ms, which is the limit.'],
    [
      'const a = []; for (;;) a.push([1, 2, 3])',
      { memoryMb: 16 },
      'sandbox.memory',
      'It needed more memory than 16 MB, which is the limit.',
    ],
    [
      '"x".repeat(2000)',
      { valueBytes: 1000 },
      'sandbox.value',
      'Its answer is longer than 1000 bytes of JSON, which is the limit.',
    ],
  ])('of %s names the limit', async (text, limits, code, message) => {
    expect(cameOf(await run(text, undefined, { limits }))).toEqual({ code, message });
  });
});

test('what it prints arrives in order, and no more than the limit', async () => {
  const printed: string[] = [];
  const text =
    'console.log("a", { b: [1] }); console.error("c"); for (let i = 0; i < 1000; i++) console.log("x".repeat(50));';
  await run(text, undefined, { limits: { printBytes: 500 }, onPrint: (line) => printed.push(line) });
  expect(printed.slice(0, 2)).toEqual(['a { b: [1] }', 'c']);
  expect(printed.at(-1)).toContain('it printed more than 500 characters');
  expect(printed.join('\n').length).toBeLessThan(700);
});

test('calls to what it was granted are counted', async () => {
  const text =
    'export default async (_, { host }) => { for (let i = 0; ; i++) try { await host("n") } catch (e) { return [i, e.message] } }';
  const outcome = await run(text, undefined, { limits: { calls: 3 }, grants: { n: async () => 1 } });
  expect(cameOf(outcome)).toEqual([3, 'It called what it was given more than 3 times, which is the limit.']);
});

test('a program that was stopped is loaded anew, and nobody else notices', async () => {
  const program = sandbox.open(
    party,
    { file: 'x.js', text: 'let n = 0; export default (loop) => { while (loop); return ++n }' },
    { cpuMs: 100 },
  );
  expect(cameOf(await program.call(false))).toBe(1);
  expect(cameOf(await program.call(false))).toBe(2);
  expect(cameOf(await program.call(true))).toMatchObject({ code: 'sandbox.cpu' });
  expect(cameOf(await program.call(false))).toBe(1);
});
