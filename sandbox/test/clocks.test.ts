import { describe, expect, test } from 'vitest';
import { inspect } from '../render/inspect.ts';
import { compile } from '../supervisor/compile.ts';
import { openSandbox } from '../supervisor/supervisor.ts';

const scene = { width: 64, height: 48, fps: 30, duration: 0.1, frames: 3, params: {}, data: {}, seed: 7 };

/** What an effect is told, for each of these expressions in its frame. */
async function refusals(file: string, text: string): Promise<string[]> {
  const printed: string[] = [];
  await inspect(await compile(file, text), { ...scene, frames: 1 }, { onPrint: (line) => printed.push(line) });
  return printed;
}

const CLOCK = /An effect has no clock/;
const CHANCE = /An effect has no chance of its own/;
const WAIT = /An effect may not wait/;

describe('an effect has neither clock nor chance of its own', () => {
  test('in JavaScript', async () => {
    const clocks = [
      ...['Date.now()', 'new Date()', 'Date()', 'new Intl.DateTimeFormat().format()'],
      ...['new Intl.DateTimeFormat().formatToParts()', 'new (new Date(0).constructor)()'],
    ];
    const tried = (expression: string) =>
      `try { console.log(String(${expression})) } catch (error) { console.log(error.message) }`;
    const text = `import { effect } from '@plinth/sdk/effect';
      export default effect({ title: 'Mine', frame() { ${[...clocks, 'Math.random()'].map(tried).join('\n')} } });`;
    const said = await refusals('mine.ts', text);
    for (const line of said.slice(0, clocks.length)) expect(line).toMatch(CLOCK);
    expect(said[clocks.length]).toMatch(CHANCE);
  });

  test('in Python', async () => {
    const clocks = [
      ...['time.time()', 'time.time_ns()', 'time.monotonic()', 'time.perf_counter()', 'time.localtime()'],
      ...['time.strftime("%H")', 'datetime.datetime.now()', 'datetime.datetime.utcnow()', 'datetime.date.today()'],
      'datetime.datetime.today()',
    ];
    const chances = ['os.urandom(4)', 'uuid.uuid4()', 'secrets.token_hex()', 'random.seed()', 'random.Random()'];
    const waits = ['time.sleep(0.01)'];
    const text = `
import datetime, os, random, secrets, time, uuid
from plinth import effect
@effect(title="Mine")
def frame(f):
    for one in ${JSON.stringify([...clocks, ...chances, ...waits])}:
        try: print(eval(one))
        except Exception as error: print(error)
    print(datetime.datetime(2020, 1, 2) + datetime.timedelta(days=1), isinstance(datetime.datetime(2020, 1, 2), datetime.date))
    print(time.strftime("%Y", time.gmtime(0)), random.random() < 1)
`;
    const said = await refusals('mine.py', text);
    const wanted = [...clocks.map(() => CLOCK), ...chances.map(() => CHANCE), ...waits.map(() => WAIT)];
    for (const [at, words] of wanted.entries()) expect(said[at]).toMatch(words);
    expect(said.slice(wanted.length)).toEqual(['2020-01-03 00:00:00 True', '1970 True']);
  });

  test('and a program that is no effect has them', async () => {
    await using sandbox = openSandbox({ processes: 1, spares: 0 });
    const run = (file: string, text: string) => sandbox.run({ publisher: 'a', tenant: 'b' }, { file, text });
    const python =
      'import time, datetime, random\n[time.time() > 1e9, datetime.datetime.now().year > 2000, random.Random().random() < 1]';
    expect(await run('mine.py', python)).toMatchObject({ ok: true, value: [true, true, true] });
    expect(await run('mine.js', '[Date.now() > 1e12, Math.random() < 1]')).toMatchObject({ value: [true, true] });
  });
});
