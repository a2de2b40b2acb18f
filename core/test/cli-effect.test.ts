import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { temporaryDirectory } from '../testing/directory.ts';

const binary = fileURLToPath(new URL('../cli/plinth.mjs', import.meta.url));
const place = temporaryDirectory('cli-effect');
mkdirSync(place, { recursive: true });
afterAll(() => rmSync(place, { recursive: true }));

async function plinth(...args: string[]) {
  const child = spawn(process.execPath, [binary, ...args], { cwd: place, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise<number | null>((done) => child.on('close', done));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
  return { out, err, code };
}

const lastJson = (out: string) => JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;

function file(name: string, content: string): string {
  writeFileSync(join(place, name), content);
  return name;
}

test('sandbox eval prints what came of a file, and ends with what that means', async () => {
  const doubled = file('double.ts', 'export default ({ n }: { n: number }) => { console.log("at it"); return n * 2 }');
  const done = await plinth('sandbox', 'eval', doubled, '--input', '{ "n": 21 }', '--json');
  expect(done).toMatchObject({ code: 0, err: expect.stringContaining('at it') });
  expect(lastJson(done.out)).toMatchObject({ ok: true, value: 42, printed: ['at it'], cpuMs: expect.any(Number) });

  const thrown = await plinth('sandbox', 'eval', file('throws.js', '\n  null.x'), '--json');
  expect(thrown.code).toBe(1);
  expect(lastJson(thrown.out)).toMatchObject({ ok: false, error: { file: 'throws.js', line: 2, column: 8 } });

  const endless = await plinth('sandbox', 'eval', file('endless.js', 'for (;;) {}'), '--cpu', '100', '--json');
  expect(endless.code).toBe(3);
  expect(lastJson(endless.out)).toMatchObject({ error: { code: 'sandbox.cpu' } });

  expect((await plinth('sandbox', 'eval', 'nowhere.js')).code).toBe(1);
  expect((await plinth('sandbox', 'eval', doubled, '--cpu', 'much')).code).toBe(2);
});

test('an effect is begun, checked and rendered', { timeout: 120_000 }, async () => {
  const clip = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=25:duration=1', '-pix_fmt', 'yuv420p', 'clip.mp4'];
  execFileSync('ffmpeg', ['-v', 'error', '-y', ...clip], { cwd: place });
  expect((await plinth('effect', 'new', 'dot', '--lang', 'ts')).code).toBe(0);
  expect(await plinth('effect', 'new', 'dot.ts')).toMatchObject({ code: 1, err: expect.stringContaining('already') });
  const checked = await plinth('effect', 'check', 'dot.ts', '--json');
  expect(lastJson(checked.out)).toMatchObject({
    title: 'My effect',
    params: { size: { kind: 'number', default: 80 } },
  });

  const rendered = await plinth('effect', 'render', 'dot.ts', '--input', 'clip.mp4', '--output', 'out.mp4', '--json');
  expect(rendered.code).toBe(0);
  expect(lastJson(rendered.out)).toMatchObject({ frames: 25, width: 320, height: 180, way: 'overlay' });
  expect(existsSync(join(place, 'out.mp4'))).toBe(true);
  const framed = await plinth('effect', 'frame', 'dot.ts', '--input', 'clip.mp4', '--output', 'at.png', '--at', '0.4');
  expect(framed).toMatchObject({ code: 0, out: 'at.png: 320x180, 0.4 s into the clip.\n' });
  expect(readFileSync(join(place, 'at.png')).subarray(1, 4).toString()).toBe('PNG');
  const silent = readdirSync(place).filter((name) => name.startsWith('.'));
  expect(silent).toEqual([]);
});

test('what is wrong with an effect is said by its place, and nothing is left behind', async () => {
  const broken = file(
    'broken.ts',
    "import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'x', frame( { } });",
  );
  const checked = await plinth('effect', 'check', broken);
  expect(checked).toMatchObject({ code: 1, err: expect.stringContaining('broken.ts:2:') });

  const throwing = file(
    'throwing.ts',
    "import { effect } from '@plinth/sdk/effect';\nexport default effect({\n  title: 'x',\n  frame({ index }) {\n    if (index === 12) throw new Error('no');\n  },\n});",
  );
  writeFileSync(join(place, 'kept.mp4'), 'what was there');
  const rendered = await plinth('effect', 'render', throwing, '--input', 'clip.mp4', '--output', 'kept.mp4', '--json');
  expect(rendered.code).toBe(1);
  expect(lastJson(rendered.out)).toMatchObject({ error: { code: 'render.effect_failed', frame: 12 } });
  expect(readFileSync(join(place, 'kept.mp4'), 'utf8')).toBe('what was there');
});

test('effects are rendered in a chain, and the result says of itself how it was made', {
  timeout: 120_000,
}, async () => {
  const head = "import { effect, number } from '@plinth/sdk/effect';\nexport default effect({";
  const white = file('white.ts', `${head} title: 'White', frame({ pixels }) { pixels.data.fill(255); } });`);
  const bar = `${head} title: 'Bar', params: { wide: number(9) }, frame({ canvas, params }) { canvas.rect(0, 0, params.wide, 9); } });`;
  const files = [white, file('bar.ts', bar), '--input', 'clip.mp4', '--output', 'chain.mp4'];
  const rendered = await plinth(
    'effect',
    'render',
    ...files,
    '--params',
    '[{}, { "wide": 40 }]',
    '--to',
    '0.2',
    '--json',
  );
  expect(lastJson(rendered.out)).toMatchObject({ frames: 5, way: 'planes' });
  const inspected = await plinth('effect', 'inspect', 'chain.mp4');
  expect(inspected.out).toMatch(
    /White \(white\.ts@\w{12}\), seed 1, \{\}\n {2}Bar .*\{"wide":40\}\nFrames 0 to 4 of the clip/,
  );
  expect((await plinth('effect', 'inspect', 'clip.mp4')).out).toMatch('does not say how it was made');
  const parts = await plinth(
    'effect',
    'render',
    ...files.with(-1, 'parts.mp4'),
    '--segments',
    '2',
    '--explain',
    '--json',
  );
  expect(parts.err).toMatch(/^In 2 parts, as was asked for\. Planes: /m);
  expect(lastJson(parts.out)).toMatchObject({ frames: 25, way: 'planes' });
  const much = await plinth(
    'effect',
    'render',
    white,
    '--input',
    'clip.mp4',
    '--output',
    'x.mp4',
    '--params',
    '[{}, {}]',
  );
  expect(much).toMatchObject({ code: 2, err: expect.stringContaining('list of as many') });
});

test('what no font can write is told', { timeout: 60_000 }, async () => {
  const head =
    "import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Words', frame({ canvas })";
  const words = (text: string) => file('words.ts', `${head} { canvas.text('${text}', 20, 40); } });`);
  const strange = await plinth('effect', 'check', words('Hello აბ'));
  expect(strange).toMatchObject({ code: 0, out: expect.stringContaining('Note: no font has ა ბ here') });
  const known = await plinth('effect', 'check', words('Zażółć Привет שלום 你好 😀'));
  expect(known.out).not.toContain('Note');
});

test('a param that names a picture is given its file', { timeout: 120_000 }, async () => {
  const effect = file(
    'logo.ts',
    `import { effect, image } from '@plinth/sdk/effect';
     export default effect({ title: 'Logo', params: { logo: image() }, frame: ({ canvas, params }) =>
       canvas.image(params.logo, 0, 0, 32, 24) });`,
  );
  const without = await plinth('effect', 'check', effect);
  expect(without).toMatchObject({ code: 0, out: expect.stringContaining(`Give one: --images '{ "logo": "FILE" }'`) });
  const svg = file('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"/>');
  const given = await plinth('effect', 'check', effect, '--images', JSON.stringify({ logo: svg }), '--json');
  expect(lastJson(given.out)).toMatchObject({ seen: { drawnFrames: 30 } });
  const wrong = await plinth('effect', 'check', effect, '--images', '{ "logo": "none.png" }');
  expect(wrong).toMatchObject({ code: 1, err: expect.stringContaining('none.png for "logo"') });
});
