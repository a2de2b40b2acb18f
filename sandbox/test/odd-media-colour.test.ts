import { describe, expect, it } from 'vitest';
import { colorAt, ffmpeg, TAGGED } from './clips.ts';
import { aStudio, color, VIDEO } from './odd-media.ts';

const { at, rendered } = await aStudio();

const RGB: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [255, 0, 0],
  lime: [0, 255, 0],
  blue: [0, 0, 255],
  gray: [128, 128, 128],
};

async function shown(name: string): Promise<[number, number, number]> {
  return colorAt((await rendered(name)).output, 3, 20, 20);
}

const off = (one: readonly number[], other: readonly number[] = []) =>
  Math.max(...one.map((value, index) => Math.abs(value - (other[index] ?? 0))));

const matrix = (name: string, range: 'tv' | 'pc' = 'tv') => [
  ...['-vf', `scale=out_color_matrix=${name}:out_range=${range}:flags=accurate_rnd+full_chroma_int`],
];
const TAGGED_601 = ['-color_range', 'tv', '-colorspace', 'smpte170m'];
const FULL = ['-color_range', 'pc', '-colorspace', 'bt709'];
const HD = '1280x64';

/** How the colour is kept in the file, and what the file says of it. */
const KINDS: Readonly<Record<string, { readonly size?: string; readonly args: readonly string[] }>> = {
  'SD in BT.601, untagged': { args: [...matrix('bt601'), '-pix_fmt', 'yuv420p'] },
  'SD in BT.601, tagged': { args: [...matrix('bt601'), '-pix_fmt', 'yuv420p', ...TAGGED_601] },
  'SD in BT.709, tagged': { args: [...matrix('bt709'), '-pix_fmt', 'yuv420p', ...TAGGED] },
  'HD in BT.709, untagged': { size: HD, args: [...matrix('bt709'), '-pix_fmt', 'yuv420p'] },
  'HD in BT.601, tagged': { size: HD, args: [...matrix('bt601'), '-pix_fmt', 'yuv420p', ...TAGGED_601] },
  'full range': { args: [...matrix('bt709', 'pc'), '-pix_fmt', 'yuvj420p', ...FULL] },
  '4:2:2 in BT.709': { args: [...matrix('bt709'), '-pix_fmt', 'yuv422p', ...TAGGED] },
  '4:4:4 in BT.709': { args: [...matrix('bt709'), '-pix_fmt', 'yuv444p', ...TAGGED] },
  '10 bits in BT.709': { args: [...matrix('bt709'), '-pix_fmt', 'yuv420p10le', ...TAGGED] },
  '10 bits, full range': { args: [...matrix('bt709', 'pc'), '-pix_fmt', 'yuv420p10le', ...FULL] },
};

describe.each(Object.entries(KINDS))('%s', (kind, { size = '64x64', args }) => {
  it.each(Object.keys(RGB))('keeps %s', async (name) => {
    const file = `${kind.replace(/\W/g, '')}-${name}.mp4`;
    ffmpeg(...color(name, size), ...args, ...VIDEO, at(file));
    expect(off(await shown(file), RGB[name]), `${await shown(file)}`).toBeLessThan(4);
  });
});

it('RGB keeps its colours', async () => {
  ffmpeg(...color('#3264c8'), '-c:v', 'libx264rgb', '-crf', '0', at('rgb.mkv'));
  expect(off(await shown('rgb.mkv'), [50, 100, 200])).toBeLessThan(4);
});

describe.each([
  ['prores.mov', ['-pix_fmt', 'yuva444p10le', '-c:v', 'prores_ks', '-profile:v', '4444']],
  ['png.mov', ['-c:v', 'png', '-pix_fmt', 'rgba']],
  ['vp9.webm', ['-pix_fmt', 'yuva420p', '-c:v', 'libvpx-vp9', '-cpu-used', '8', '-b:v', '1M']],
  ['vp8.webm', ['-pix_fmt', 'yuva420p', '-c:v', 'libvpx', '-auto-alt-ref', '0', '-b:v', '1M']],
] as const)('what can be seen through (%s)', (name, codec) => {
  it('lies on black, by as much as it can be seen through', async () => {
    const made = "color=red:s=96x64:r=10:d=0.3,format=rgba,geq=r=255:g=0:b=0:a='if(lt(X,32),255,if(lt(X,64),128,0))'";
    // This encoder says nothing of its matrix: what is so small is taken for BT.601.
    const kept = name === 'prores.mov' ? 'bt601' : 'bt709';
    const scaled = name === 'png.mov' ? [] : [...matrix(kept), ...(kept === 'bt709' ? TAGGED : [])];
    ffmpeg('-f', 'lavfi', '-i', made, ...scaled, ...codec, at(name));
    const { output } = await rendered(name);
    const at3 = (x: number) => colorAt(output, 1, x, 32);
    expect(off(at3(16), [255, 0, 0]), `${at3(16)}`).toBeLessThan(8);
    expect(off(at3(48), [128, 0, 0]), `${at3(48)}`).toBeLessThan(8);
    expect(off(at3(84), [0, 0, 0]), `${at3(84)}`).toBeLessThan(6);
  });
});

describe.each([
  ['PQ', 'smpte2084'],
  ['HLG', 'arib-std-b67'],
] as const)('high dynamic range (%s)', (kind, transfer) => {
  /** What it is in the light of a usual screen, put into the wide range. */
  const wide = (npl: number) =>
    `zscale=min=709:pin=709:tin=709:rin=limited:t=linear:npl=${npl},format=gbrpf32le,zscale=p=2020:t=${transfer}:m=2020_ncl:r=limited:npl=${npl},format=yuv420p10le`;
  const file = async (name: string, forgotten = '') => {
    const output = `${kind}-${name}${forgotten && '-half'}.mkv`;
    const tagged = 'setparams=range=tv:colorspace=bt709:color_primaries=bt709:color_trc=bt709';
    const light = `scale=out_color_matrix=bt709:out_range=tv,format=yuv444p,${tagged},${wide(100)}${forgotten}`;
    ffmpeg(...color(name), '-vf', light, ...VIDEO, at(output));
    return shown(output);
  };

  it('keeps black black, grey neutral and light above dark', async () => {
    const [black, gray, white] = [await file('black'), await file('gray'), await file('white')];
    expect(off(black, [0, 0, 0]), `${black}`).toBeLessThan(4);
    for (const neutral of [gray, white])
      expect(Math.max(...neutral) - Math.min(...neutral), `${neutral}`).toBeLessThan(6);
    expect(white[0] - gray[0]).toBeGreaterThan(20);
    expect(gray[0]).toBeGreaterThan(30);
  });

  it.each(['red', 'lime', 'blue'] as const)('keeps %s what it is', async (name) => {
    const made = await file(name);
    const main = ['red', 'lime', 'blue'].indexOf(name);
    const others = made.filter((_, channel) => channel !== main);
    expect((made[main] ?? 0) - Math.max(...others), `${made}`).toBeGreaterThan(90);
  });

  it('looks the same when the file says only half of what it is', async () => {
    const half = await file('red', ',setparams=color_primaries=unknown:colorspace=unknown');
    expect(off(half, await file('red')), `${half}`).toBeLessThan(2);
  });
});
