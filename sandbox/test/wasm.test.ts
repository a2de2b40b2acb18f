import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { compileJavaScript } from '../javascript/compile.ts';
import { inWords, slowness } from '../render/embedded.ts';
import { findFFmpeg, locateFFmpeg } from '../render/ffmpeg.ts';
import { findJail, type Jail, type JailedRun, startJailed, withoutNetwork } from '../render/jail.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { probe } from '../render/probe.ts';
import { permitted } from '../render/wasm/start.ts';
import {
  aDirectory,
  colorAt,
  descendants,
  ffmpeg,
  H264,
  isAlive,
  pattern,
  plain,
  soundOf,
  TAGGED,
  tone,
  videoOf,
} from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
/** A machine without any FFmpeg. */
const BARE = { PATH: directory };
const embedded = await findFFmpeg(BARE);
const native = await findFFmpeg();
const bounds = { wallMs: 20_000, cpuSeconds: 20, memoryMb: 2_048, fileMb: 64 };
const REDUCED: Jail = { ...findJail(), kind: 'reduced', offline: withoutNetwork() };

beforeAll(() => {
  ffmpeg(...pattern('160x90'), ...tone(), ...H264, '-c:a', 'aac', ...TAGGED, at('clip.mp4'));
  ffmpeg(...plain('red', 'bt709', '64x48'), ...H264, ...TAGGED, at('red.mp4'));
});

async function effectOf(body: string) {
  const source = `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Try', ${body} });`;
  return [{ compiled: await compileJavaScript('try.ts', source) }];
}
const WAYS = {
  filters: `filters: () => [{ name: 'hflip' }]`,
  overlay: `frame({ canvas }) { canvas.rect(0, 0, 16, 16, { fill: '#0f0' }); }`,
  planes: `frame({ pixels }) { pixels.data[0] = 9; }`,
} as const;

async function rendered(input: string, body: string, options: Partial<RenderOptions> = {}) {
  const output = at(`result-${Math.random()}.mp4`);
  return render({ input: at(input), output, effects: await effectOf(body), ffmpeg: embedded, ...options });
}

async function run(run: Pick<JailedRun, 'args'> & Partial<JailedRun>, jail?: Jail) {
  const jailed = startJailed({ program: embedded.ffmpeg, stdout: 'pipe', bounds, ...run }, jail);
  const [said, end] = await Promise.all([jailed.stdout ? text(jailed.stdout) : '', jailed.ended]);
  return { said, ...end };
}

describe('where there is no FFmpeg', () => {
  it('the embedded one is found, and says that it is slow and how to get a fast one', () => {
    expect(embedded).toMatchObject({ from: 'embedded', version: '5.1.4' });
    expect(inWords(embedded)).toBe('FFmpeg 5.1.4 (embedded, slow)');
    expect(slowness(embedded)).toMatch(/4 to 8 times as long\. Install FFmpeg/);
    expect([slowness(native), native.from]).toEqual([undefined, 'system']);
  });

  it('or where it is asked for', () => {
    expect(locateFFmpeg({ ...process.env, FFMPEG_PATH: 'embedded' }).from).toBe('embedded');
  });

  it('a static package goes before it, with the embedded ffprobe, as it brings none', () => {
    const name = `node_modules/@ffmpeg-binary/${process.platform}-${process.arch}`;
    mkdirSync(at(name), { recursive: true });
    writeFileSync(at(`${name}/package.json`), '{ "type": "module", "main": "index.js" }');
    writeFileSync(at(`${name}/index.js`), 'export default import.meta.url;');
    writeFileSync(at(`${name}/ffmpeg`), '#!/bin/sh\n');
    chmodSync(at(`${name}/ffmpeg`), 0o755);
    const asking = `import { locateFFmpeg } from '${import.meta.dirname}/../render/ffmpeg.ts';
      console.log(JSON.stringify(locateFFmpeg({ PATH: '' })));`;
    const env = { NODE_PATH: at('node_modules') };
    const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', asking], { env });
    expect(JSON.parse(said.toString())).toEqual({
      ...{ from: 'package', ffmpeg: at(`${name}/ffmpeg`) },
      ffprobe: expect.stringMatching(/wasm\/ffprobe\.ts$/),
    });
  });
});

describe('the embedded FFmpeg', () => {
  it('finds in a clip what the native one finds', async () => {
    expect(await probe(at('clip.mp4'), { ffmpeg: embedded })).toEqual(await probe(at('clip.mp4'), { ffmpeg: native }));
  });

  it('decodes to the same bytes as the native one, through a pipe', async () => {
    const decoded = (program: string) =>
      run({
        program,
        reads: [at('clip.mp4')],
        args: ({ input }) => ['-v', 'error', '-i', input(0), '-map', '0:v', '-f', 'framemd5', 'pipe:1'],
      });
    const [one, other] = await Promise.all([decoded(embedded.ffmpeg), decoded(native.ffmpeg)]);
    const frames = ({ said }: { said: string }) => said.split('\n').filter((line) => !line.startsWith('#'));
    expect(frames(one)).toEqual(frames(other));
    expect(frames(one)).toHaveLength(31);
  });

  it.each(Object.keys(WAYS) as (keyof typeof WAYS)[])(
    'renders by way of %s: every frame, every sample',
    async (way) => {
      const { plan, output, frames } = await rendered('clip.mp4', WAYS[way]);
      expect([plan.stages[0]?.way, frames, videoOf(output).frames]).toEqual([way, 30, 30]);
      expect(soundOf(output)).toEqual(soundOf(at('clip.mp4')));
    },
  );

  it('keeps red red', async () => {
    const [red, green, blue] = colorAt((await rendered('red.mp4', WAYS.planes)).output, 7, 40, 24);
    expect(Math.max(Math.abs(red - 255), Math.abs(green), Math.abs(blue))).toBeLessThan(4);
  });

  it('tells how far it is, and the progress of the last frame', async () => {
    const told: number[] = [];
    await rendered('clip.mp4', WAYS.overlay, { onProgress: ({ frame, frames }) => told.push(frame / frames) });
    expect(told.at(-1)).toBe(1);
  });

  it('stops within a second when it is called off, and leaves nothing', async () => {
    const [call, before] = [new AbortController(), descendants()];
    let [stoppedAt, running] = [0, [] as number[]];
    const onPlan = () =>
      setTimeout(() => {
        running = descendants().filter((pid) => !before.includes(pid));
        stoppedAt = performance.now();
        call.abort();
      }, 300);
    const work = rendered('clip.mp4', WAYS.planes, { output: at('never.mp4'), signal: call.signal, onPlan });
    await expect(work).rejects.toMatchObject({ code: 'render.cancelled' });
    expect(performance.now() - stoppedAt).toBeLessThan(1_000);
    expect(running.length).toBeGreaterThan(2);
    await vi.waitFor(() => expect(running.filter(isAlive)).toEqual([]));
    expect(readdirSync(directory).filter((name) => name.includes('never'))).toEqual([]);
  });

  it('ends with a code that says whether it worked', async () => {
    const bad = await run({ args: () => ['-v', 'error', '-i', 'nowhere.mp4'] });
    expect(bad).toMatchObject({ code: 1, words: 'nowhere.mp4: No such file or directory' });
    expect(await run({ args: () => ['-v', 'error', '-version'] })).toMatchObject({ code: 0, words: '' });
    const probing = { program: embedded.ffprobe, args: () => ['-v', 'error', '/in/0'] };
    expect((await run({ ...probing, reads: [at('clip.mp4')] })).code).toBe(0);
    writeFileSync(at('noise.mp4'), Buffer.alloc(10_000, 0xa5));
    expect((await run({ ...probing, reads: [at('noise.mp4')] })).code).toBe(1);
  });

  it('refuses what it cannot do with a sentence', async () => {
    ffmpeg(...pattern('64x64', 4), '-c:v', 'libaom-av1', '-cpu-used', '8', '-pix_fmt', 'yuv420p', at('av1.mp4'));
    await expect(rendered('av1.mp4', WAYS.filters)).rejects.toThrow(/AV1, which the embedded FFmpeg cannot read/);
    const size = { width: 4096, height: 4096 };
    await expect(rendered('red.mp4', WAYS.filters, { size })).rejects.toThrow(/more than the embedded FFmpeg can hold/);
  });
});

describe.each([
  ['bubblewrap', findJail()],
  ['its reduced form', REDUCED],
])('behind %s', (_, jail) => {
  it('it reads what it is given and writes where it may, also what it wrote before', async () => {
    mkdirSync(at('out'), { recursive: true });
    const args: JailedRun['args'] = ({ input, output }) => [
      ...['-v', 'error', '-i', input(0), '-c', 'copy', '-f', 'hls', '-hls_time', '0.5'],
      ...['-hls_segment_type', 'fmp4', '-hls_flags', 'temp_file', output('list.m3u8')],
    ];
    expect(await run({ args, reads: [at('clip.mp4')], writes: at('out') }, jail)).toMatchObject({ code: 0, words: '' });
    expect(videoOf(at('out/list.m3u8')).frames).toBe(30);
    expect(readdirSync(at('out')).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('it sees no other file and no network', async () => {
    writeFileSync(at('secret.txt'), 'secret');
    const addresses = [at('secret.txt'), '/etc/passwd', 'tcp://127.0.0.1:1', 'http://127.0.0.1:1/x'];
    const tries = addresses.map((address) =>
      run({ args: () => ['-v', 'error', '-i', address, '-f', 'data', 'pipe:1'], reads: [at('clip.mp4')] }, jail),
    );
    expect((await Promise.all(tries)).map(({ code, said }) => [code, said])).toEqual(addresses.map(() => [1, '']));
  });
});

it('what breaks out of WebAssembly has, without bubblewrap, only the files that FFmpeg was given', () => {
  const command = permitted(embedded.ffmpeg, { reads: [at('clip.mp4')] }).slice(0, -2);
  const code = `const { readFileSync, writeFileSync } = require('node:fs');
    const tried = (what) => { try { what(); return 'done'; } catch ({ code }) { return code; } };
    console.log(JSON.stringify([
      tried(() => readFileSync('${at('clip.mp4')}')),
      tried(() => readFileSync('${at('red.mp4')}')),
      tried(() => writeFileSync('${at('clip.mp4')}', '')),
      tried(() => require('node:child_process').execFileSync('true')),
    ]))`;
  const [program = '', ...args] = [...command, '-e', code];
  const denied = 'ERR_ACCESS_DENIED';
  expect(JSON.parse(execFileSync(program, args).toString())).toEqual(['done', denied, denied, denied]);
});
