import { afterAll, describe, expect, test } from 'vitest';
import { inspect } from '../render/inspect.ts';
import { compile } from '../supervisor/compile.ts';
import { openSandbox } from '../supervisor/supervisor.ts';

const sandbox = openSandbox({ processes: 2, spares: 1 });
afterAll(() => sandbox.close());

const lines = (...text: string[]) => text.join('\n');

/** What a creator is told whose file is stopped, in either language. */
async function told(file: string, text: string, limits: object) {
  const outcome = await sandbox.run({ publisher: 'ada', tenant: 'demo' }, { file, text }, undefined, { limits });
  if (outcome.ok) throw new Error('It was not stopped.');
  return outcome.error;
}

const busy = { cpuMs: 200, wallMs: 10_000 };

describe('who computes for too long is told the line at which it was', () => {
  test('in JavaScript', async () => {
    const text = lines('const n = 5;', 'function spin(x) {', '  for (;;) x = Math.sqrt(x);', '}', 'spin(n);');
    expect(await told('mine.js', text, busy)).toMatchObject({
      code: 'sandbox.cpu',
      message: 'It computed for longer than 200 ms, which is the limit. It was at line 3 when it was stopped.',
      line: 3,
    });
  });

  test('in TypeScript, by the lines that were written', async () => {
    const text = lines(
      ...['interface Step {', '  size: number;', '}', 'const walk = (step: Step): never => {', '  let at = 0;'],
      ...['  for (;;) at += step.size;', '};', 'export default () => walk({ size: 1 });'],
    );
    const error = await told('mine.ts', text, busy);
    expect(error).toMatchObject({ code: 'sandbox.cpu', line: 6 });
    expect(error.message).toContain('It was at line 6 when it was stopped.');
  });

  test('in Python', async () => {
    const text = lines('def spin():', '  n = 0', '  while True:', '    n += 1', '', 'spin()');
    const error = await told('mine.py', text, busy);
    expect(error.code).toBe('sandbox.cpu');
    expect([3, 4]).toContain(error.line);
    expect(error.message).toContain(`It was at line ${error.line} when it was stopped.`);
  });
});

test('who sleeps through its time is told the line at which it slept', async () => {
  const text = lines('import time', 'x = 1', 'time.sleep(60)');
  expect(await told('mine.py', text, { wallMs: 400 })).toMatchObject({ code: 'sandbox.time', line: 3 });
});

test('sleeping is not computing', async () => {
  const party = { publisher: 'ada', tenant: 'demo' };
  const text = lines('import time, asyncio', 'time.sleep(0.6)', 'await asyncio.sleep(0.6)', '"woke"');
  const outcome = await sandbox.run(party, { file: 'mine.py', text }, undefined, { limits: { cpuMs: 900 } });
  expect(outcome).toMatchObject({ ok: true, value: 'woke' });
  expect(outcome.cpuMs).toBeLessThan(600);
});

describe('an effect that takes too long', () => {
  const scene = { width: 64, height: 48, fps: 30, duration: 1, frames: 30, params: {}, data: {}, seed: 7 };
  const failure = async (file: string, text: string) => {
    const failed = await inspect(await compile(file, text), scene).then(
      () => undefined,
      (error: { extensions: { frame?: number; error: { code: string; message: string; line?: number } } }) => error,
    );
    return failed?.extensions;
  };

  test('for a frame is told the frame, the line, and which function took the time', async () => {
    const text = lines(
      "import { effect } from '@plinth/sdk/effect';",
      'function bars(index: number): number {',
      '  let sum = 0;',
      '  for (let n = 0; index === 2 || n < 10; n++) sum += Math.sqrt(n);',
      '  return sum;',
      '}',
      "export default effect({ title: 'Mine', frame(f) { bars(f.index); } });",
    );
    const { frame, error } = (await failure('mine.ts', text)) ?? {};
    expect(frame).toBe(2);
    expect(error).toMatchObject({ code: 'sandbox.frame', line: 4 });
    expect(error?.message).toMatch(
      /^One frame took longer than 1000 ms, which is the limit\. It was at line 4 when it was stopped; "bars" at line 2 took \d+ ms of it\.$/,
    );
  });

  test('for a frame in Python is told the line', async () => {
    const text = lines(
      ...['from plinth import effect', '@effect(title="Mine")', 'def frame(f):', '  n = 0'],
      ...['  while f.index == 1:', '    n += 1'],
    );
    const { frame, error } = (await failure('mine.py', text)) ?? {};
    expect(frame).toBe(1);
    expect(error?.code).toBe('sandbox.frame');
    expect([5, 6]).toContain(error?.line);
  });

  test('before its first frame is told so', async () => {
    const text = lines(
      "import { effect } from '@plinth/sdk/effect';",
      "export default effect({ title: 'Mine', setup() {",
      '  for (;;);',
      '}, frame() {} });',
    );
    expect((await failure('mine.ts', text))?.error).toMatchObject({ code: 'sandbox.setup', line: 3 });
  });
});
