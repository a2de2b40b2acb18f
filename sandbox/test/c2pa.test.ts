import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writeCertificates } from '../render/c2pa/certificates.ts';
import { manifestOf } from '../render/c2pa/manifest.ts';
import { signer } from '../render/c2pa/sign.ts';
import { signingFrom } from '../render/c2pa/signing.ts';
import type { Provenance } from '../render/provenance.ts';
import { aDirectory } from './clips.ts';

const directory = aDirectory();
const at = (name: string) => join(directory, name);
const files = await writeCertificates(at('made'));

/** Signing itself is tried in the long tier, with the library. */
describe('certificates to try with', () => {
  it('are a signer’s below an authority’s, for signing alone', () => {
    const [signing, authority] = [new X509Certificate(read('certificate')), new X509Certificate(read('authority'))];
    expect(signing.checkIssued(authority) && signing.verify(authority.publicKey)).toBe(true);
    expect(authority.verify(authority.publicKey)).toBe(true);
    expect([signing.ca, authority.ca]).toEqual([false, true]);
    // The purpose that C2PA asks for.
    expect(signing.keyUsage).toEqual(['1.3.6.1.5.5.7.3.4']);
    expect(read('certificate').split('BEGIN CERTIFICATE')).toHaveLength(3);
  });

  it('are never written over, and the key is readable for its owner alone', async () => {
    expect(statSync(files.key).mode & 0o777).toBe(0o600);
    await expect(writeCertificates(at('made'))).rejects.toMatchObject({ code: 'EEXIST' });
  });
});

describe('what cannot sign is refused before anything is rendered', () => {
  it('with the library named where it is missing', async () => {
    const refusal = signer({ ...files, library: at('nowhere') });
    await expect(refusal).rejects.toMatchObject({
      code: 'render.no_c2pa',
      fix: expect.stringMatching(/npm install --ignore-scripts @contentauth\/c2pa-node/),
    });
  });

  it('with only one of the two settings', () => {
    expect(signingFrom({})).toBeUndefined();
    expect(signingFrom({ PLINTH_C2PA_KEY: 'k', PLINTH_C2PA_CERT: 'c' })).toEqual({ key: 'k', certificate: 'c' });
    expect(() => signingFrom({ PLINTH_C2PA_KEY: 'k' })).toThrow(/PLINTH_C2PA_CERT is missing/);
    expect(() => signingFrom({ PLINTH_C2PA_CERT: 'c' })).toThrow(/PLINTH_C2PA_KEY is missing/);
  });
});

it('a manifest says that the clip was opened, and what each effect did', () => {
  const effect = { id: 'dot', version: '3', title: 'Dot', sha256: 'ee', seed: 7, params: { at: [1, 2] } };
  const provenance: Provenance = {
    ...{ schema: 'plinth.provenance@1', made: '2026-01-02T03:04:05.000Z' },
    ...{ effects: [effect], source: { sha256: 'cc', first: 0, frames: 9 } },
  };
  const { ingredients, assertions, title } = manifestOf(provenance, { version: '1' }, 'video/mp4');
  expect([title, ingredients[0]?.instance_id]).toEqual(['Dot', 'sha256:cc']);
  const did = { 'plinth.params': '{"at":[1,2]}', 'plinth.seed': 7 };
  const actions = [
    { action: 'c2pa.opened', parameters: { ingredientIds: ['clip'] } },
    { action: 'c2pa.edited', softwareAgent: { name: 'dot', version: '3' }, parameters: did },
  ];
  expect(assertions).toMatchObject([{ data: { actions } }, { data: { json: JSON.stringify(provenance) } }]);
});

function read(which: keyof typeof files): string {
  return readFileSync(files[which], 'utf8');
}
