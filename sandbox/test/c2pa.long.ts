// Signs with the library itself, which the registry has and no installation of ours brings.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileJavaScript } from '../javascript/compile.ts';
import { writeCertificates } from '../render/c2pa/certificates.ts';
import { readCredentials } from '../render/c2pa/read.ts';
import { signer } from '../render/c2pa/sign.ts';
import { type RenderOptions, render } from '../render/pipeline.ts';
import { renderFrame } from '../render/render-frame.ts';
import { renderInSegments } from '../render/render-in-segments.ts';
import { aDirectory, ffmpeg, H264, pattern, tone, videoOf } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const library = directory;
const files = await writeCertificates(at('certificates'));
const authorities = readFileSync(files.authority, 'utf8');
const mimeType = 'video/mp4';
const credentials = (file: string, trusting = true) =>
  readCredentials({ path: file, mimeType }, { library, ...(trusting ? { authorities } : {}) });

beforeAll(() => {
  const quietly = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', '--prefix', directory, ...quietly, '@contentauth/c2pa-node@0.8.0'], {
    cwd: directory,
  });
  ffmpeg(...pattern('160x90'), ...tone(), ...H264, '-c:a', 'aac', at('clip.mp4'));
});

async function options(output: string): Promise<RenderOptions> {
  const body = `params: { at: point(0.2, 0.1) }, frame({ canvas }) { canvas.rect(0, 0, 16, 16, { fill: '#0f0' }); }`;
  const source = `import { effect, point } from '@plinth/sdk/effect';\nexport default effect({ title: 'Dot', ${body} });`;
  const effects = [{ compiled: await compileJavaScript('dot.ts', source), id: 'dot', version: '3' }];
  return { input: at('clip.mp4'), output: at(output), effects, sign: await signer({ ...files, library }) };
}

describe('a signed result', () => {
  it('says who signed it and how it was made, and plays as before', async () => {
    const { output, provenance } = await render(await options('signed.mp4'));
    expect(await credentials(output)).toEqual({
      ...{ state: 'trusted', problems: [], signer: 'Plinth development signer' },
      provenance,
    });
    expect(provenance.effects[0]).toMatchObject({ id: 'dot', version: '3', params: { at: { x: 0.2, y: 0.1 } } });
    expect(videoOf(output).frames).toBe(30);
  });

  it('is trusted only by who trusts its authority', async () => {
    expect(await credentials(at('signed.mp4'), false)).toMatchObject({
      ...{ state: 'valid', problems: ['signingCredential.untrusted'] },
    });
  });

  it('is known as changed when a byte of its pictures, its sound or its words changes', async () => {
    const whole = readFileSync(at('signed.mp4'));
    const places = [whole.length - 500, whole.indexOf('mdat') + 64, whole.indexOf('plinth.provenance') + 40];
    for (const [index, place] of places.entries()) {
      const changed = Buffer.from(whole);
      changed[place] = (changed[place] ?? 0) ^ 1;
      writeFileSync(at('changed.mp4'), changed);
      expect(await credentials(at('changed.mp4')), `${index}`).toMatchObject({ state: 'changed' });
    }
  });

  it('loses its signature where it is copied by FFmpeg', async () => {
    ffmpeg('-i', at('signed.mp4'), '-c', 'copy', at('copied.mp4'));
    expect(await credentials(at('copied.mp4'))).toBeUndefined();
  });

  it('is signed once, when it is joined from parts', async () => {
    const { output } = await renderInSegments({ ...(await options('joined.mp4')), segments: 2 });
    expect(await credentials(output)).toMatchObject({ state: 'trusted', provenance: { source: { frames: 30 } } });
  });

  it('may be a picture', async () => {
    const { output } = await renderFrame({ ...(await options('still.png')), at: 0.5 });
    const found = await readCredentials({ path: output, mimeType: 'image/png' }, { library, authorities });
    expect(found).toMatchObject({ state: 'trusted', provenance: { source: { first: 15, frames: 1 } } });
  });
});

it('a key that is not the certificate’s, or no key at all, is refused before anything is rendered', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
  writeFileSync(at('other.pem'), other.export({ type: 'pkcs8', format: 'pem' }));
  await expect(signer({ ...files, library, key: at('other.pem') })).rejects.toThrow(/does not belong/);
  writeFileSync(at('no.pem'), 'no');
  await expect(signer({ ...files, library, key: at('no.pem') })).rejects.toThrow(/is no PEM/);
  await expect(signer({ ...files, library, key: at('nowhere.pem') })).rejects.toMatchObject({
    code: 'render.bad_signer',
  });
});
