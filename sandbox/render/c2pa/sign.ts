// Signs results: who looks at one can tell where it was made, how, and that nobody changed it since. It is the last thing
// that happens to a file, as FFmpeg drops the manifest of what it copies.
import { createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { renderErrors } from '../errors.ts';
import type { Provenance } from '../provenance.ts';
import { c2paLibrary } from './library.ts';
import { manifestOf } from './manifest.ts';
import type { Signing } from './signing.ts';

/** A result, and what it is. */
export interface Unsigned {
  readonly file: string;
  readonly mimeType: 'video/mp4' | 'image/png';
  readonly provenance: Provenance;
}

/** Signs a result into another file. */
export type Sign = (unsigned: Unsigned, signed: string) => Promise<void>;

/**
 * Answers what signs results. Whatever is wrong with library, key or certificate is said now, not after the first render.
 *
 * @example const sign = await signer({ certificate: 'certificate.pem', key: 'key.pem' });
 */
export async function signer({ certificate, key, library, version = '1' }: Signing): Promise<Sign> {
  const [{ Builder }, chain, secret] = await Promise.all([
    c2paLibrary(library),
    readFile(certificate).catch(unreadable),
    readFile(key).catch(unreadable),
  ]);
  const { privateKey, alg, digest } = pairOf(chain, secret);
  const signed = (data: Buffer) => signAsync(digest, data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const how = { alg, certs: [chain], reserveSize: RESERVED, directCoseHandling: false } as const;
  return async ({ file, mimeType, provenance }, to) => {
    const builder = Builder.withJson(manifestOf(provenance, { version }, mimeType), UNLISTED);
    await builder.signConfigAsync(signed, how, { path: file, mimeType }, { path: to, mimeType });
  };
}

/** Room for a signature with its certificates. */
const RESERVED = 16_384;
/** Whether the authority is on somebody's list is for whoever reads it to say. */
const UNLISTED = { verify: { verify_trust: false } };

const signAsync = promisify(
  (
    digest: string | null,
    data: Buffer,
    key: { key: KeyObject; dsaEncoding: 'ieee-p1363' },
    done: (error: Error | null, signature: Buffer) => void,
  ) => sign(digest, data, key, done),
);

/** C2PA's names of algorithms, by the key's own. */
const ALGORITHMS: Readonly<Record<string, { readonly alg: string; readonly digest: string | null }>> = {
  prime256v1: { alg: 'es256', digest: 'sha256' },
  secp384r1: { alg: 'es384', digest: 'sha384' },
  ed25519: { alg: 'ed25519', digest: null },
};

function pairOf(chain: Buffer, secret: Buffer) {
  try {
    const privateKey = createPrivateKey(secret);
    const { asymmetricKeyType: type, asymmetricKeyDetails: details } = privateKey;
    const found = ALGORITHMS[details?.namedCurve ?? type ?? ''];
    if (!found) throw renderErrors.bad_signer({ detail: 'Its key is neither P-256, P-384 nor Ed25519.' });
    const certificate = new X509Certificate(chain);
    if (!certificate.checkPrivateKey(privateKey))
      throw renderErrors.bad_signer({ detail: 'The key does not belong to the first certificate.' });
    if (new Date(certificate.validTo) < new Date())
      throw renderErrors.bad_signer({ detail: `The certificate ended on ${certificate.validTo}.` });
    return { privateKey, ...found };
  } catch (error) {
    if (error instanceof Error && 'fix' in error) throw error;
    throw renderErrors.bad_signer({ detail: 'Key or certificate is no PEM.', cause: error });
  }
}

function unreadable(cause: Error): never {
  throw renderErrors.bad_signer({ detail: cause.message, cause });
}
