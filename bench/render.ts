// What an effect adds to FFmpeg's own decode and encode of the same clip with the same settings, in turns.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileJavaScript } from '../sandbox/javascript/compile.ts';
import { findFFmpeg } from '../sandbox/render/ffmpeg.ts';
import { render } from '../sandbox/render/pipeline.ts';
import { type BenchResult, median } from './result.ts';

const ROUNDS = 3;
const THREADS = 2;
/** In gamut and moving everywhere: noise that clips would flatter whoever changes it. */
const CLIPS = {
  wide: { size: '1280x720', seconds: 10 },
  tall: { size: '1080x1920', seconds: 15 },
} as const;

const head = `import { color, effect } from '@plinth/sdk/effect';\n`;
const EFFECTS = {
  filters: `export default effect({ title: 'Filters', filters: () => [{ name: 'eq', options: { contrast: 1.1, saturation: 1.2 } }] });`,
  lowerThird: `export default effect({ title: 'Lower third', frame({ canvas, width, height, t }) {
    canvas.rect(40, height - 150, width * 0.5, 110, { fill: '#101418d9', radius: 10 });
    canvas.text('Ada Lovelace', 70, height - 95, { size: 40, weight: 700, fill: '#ffffff' });
    canvas.text('First programmer · ' + Math.floor(t), 70, height - 60, { size: 24, fill: '#d7dde3' });
  } });`,
  drawing: `export default effect({ title: 'Drawing', frame({ canvas, width, height, t }) {
    for (let bar = 0; bar < 30; bar++) {
      const rise = (0.5 + 0.5 * Math.sin(t * 3 + bar / 3)) * height * 0.6;
      canvas.rect((bar * width) / 30 + 4, height - rise, width / 30 - 8, rise, {
        fill: { stops: [[0, '#ff3b6bcc'], [1, '#3bd1ffcc']], from: [0, height - rise], to: [0, height] }, radius: 6 });
    }
    for (let dot = 0; dot < 12; dot++)
      canvas.circle(width * (0.5 + 0.4 * Math.cos(t + dot)), height * (0.3 + 0.2 * Math.sin(t * 2 + dot)), 20, { fill: '#ffd23bb0' });
    for (let line = 0; line < 8; line++)
      canvas.text('Line ' + line + ' at ' + t.toFixed(2), 40, 60 + line * 34, { size: 28, weight: 700, fill: '#ffffff' });
  } });`,
  pixels: `export default effect({ title: 'Pixels',
    setup: () => ({ table: Uint8Array.from({ length: 256 }, (_, value) => 255 * (value / 255) ** 0.8) }),
    frame({ pixels: { data }, state: { table } }) {
      for (let at = 0; at < data.length; at += 4) {
        data[at] = table[data[at]]; data[at + 1] = table[data[at + 1]]; data[at + 2] = table[data[at + 2]];
      }
    } });`,
} as const;

type Name = keyof typeof EFFECTS;

export default async function renderBench(options: readonly string[]): Promise<BenchResult> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-render-'));
  try {
    const clips = options.includes('--tall') ? CLIPS : { wide: CLIPS.wide };
    const found: Record<string, Figures> = {};
    for (const [name, clip] of Object.entries(clips)) found[name] = await compare(directory, name, clip);
    const { wide } = found;
    if (!wide) throw new Error('Nothing was measured.');
    return { ratio: wide.ratio, medians: found };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

interface Figures {
  readonly ratio: Record<Name, number>;
  /** Frames a second, the whole command. */
  readonly framesPerSecond: Record<string, number>;
  readonly outputBytes: Record<string, number>;
}

async function compare(
  directory: string,
  name: string,
  { size, seconds }: { size: string; seconds: number },
): Promise<Figures> {
  const { ffmpeg } = await findFFmpeg();
  const [input, output] = [join(directory, `${name}.mp4`), join(directory, 'out.mp4')];
  const picture = `testsrc2=size=${size}:rate=30:duration=${seconds},lutyuv=y='clip(val,32,210)'`;
  const x264 = [
    '-c:v',
    'libx264',
    '-preset',
    'veryfast',
    '-crf',
    '23',
    '-pix_fmt',
    'yuv420p',
    '-threads',
    String(THREADS),
  ];
  const run = (...args: string[]) => execFileSync(ffmpeg, ['-nostdin', '-v', 'error', '-y', ...args]);
  run(
    '-f',
    'lavfi',
    '-i',
    picture,
    '-f',
    'lavfi',
    '-i',
    `sine=duration=${seconds}`,
    ...x264,
    '-c:a',
    'aac',
    '-shortest',
    input,
  );
  const frames = seconds * 30;
  const taken: Record<string, number[]> = { ffmpeg: [] };
  const bytes: Record<string, number> = {};
  const timed = async (what: string, round: number, work: () => unknown) => {
    const began = performance.now();
    await work();
    // The first round warms caches.
    const seconds = (performance.now() - began) / 1000;
    if (round > 0) taken[what] = [...(taken[what] ?? []), seconds];
    bytes[what] = statSync(output).size;
  };
  for (let round = 0; round <= ROUNDS; round++) {
    await timed('ffmpeg', round, () => run('-i', input, ...x264, '-c:a', 'copy', '-movflags', '+faststart', output));
    for (const [effect, code] of Object.entries(EFFECTS)) {
      const compiled = await compileJavaScript(`${effect}.ts`, head + code);
      await timed(effect, round, () => render({ input, output, effect: compiled, threads: THREADS }));
    }
  }
  const bare = median(taken.ffmpeg ?? []);
  const of = <T>(value: (effect: Name) => T) =>
    Object.fromEntries((Object.keys(EFFECTS) as Name[]).map((effect) => [effect, value(effect)])) as Record<Name, T>;
  const round3 = (value: number) => Number(value.toPrecision(3));
  return {
    ratio: of((effect) => round3(bare / median(taken[effect] ?? []))),
    framesPerSecond: { ffmpeg: round3(frames / bare), ...of((effect) => round3(frames / median(taken[effect] ?? []))) },
    outputBytes: bytes,
  };
}
