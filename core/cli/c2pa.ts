// `plinth c2pa`: certificates to try signing with, and what a signed file says of itself.
import { existsSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { writeCertificates } from '@plinth/sandbox/render/c2pa/certificates.ts';
import { type Credentials, readCredentials } from '@plinth/sandbox/render/c2pa/read.ts';
import { errors } from './errors.ts';
import type { Result, Typed } from './verb.ts';

type Print = (result: Result) => void;

export async function c2pa({ words, options }: Typed, print: Print): Promise<void> {
  const [action, path, ...more] = words;
  if (more.length === 0 && action === 'certificates') return makeCertificates(path ?? '.plinth/c2pa', print);
  if (more.length === 0 && action === 'verify' && path !== undefined) return verify(path, options.authority, print);
  throw errors.wrong_usage({ detail: 'Write "c2pa certificates [DIR]" or "c2pa verify FILE".' });
}

async function makeCertificates(directory: string, print: Print): Promise<void> {
  const files = await writeCertificates(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    throw errors.file_there({ detail: `It is ${error.path}.` });
  });
  const { certificate, key, authority } = files;
  const text = [
    `${directory} holds certificates to try with. Nobody but you trusts them. To sign with them, set`,
    `  PLINTH_C2PA_CERT=${certificate}`,
    `  PLINTH_C2PA_KEY=${key}`,
    `and check with: plinth c2pa verify FILE --authority ${authority}`,
  ].join('\n');
  print({ ...files, text });
}

async function verify(file: string, authority: string | boolean | undefined, print: Print): Promise<void> {
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  const mimeType = extname(file) === '.png' ? 'image/png' : 'video/mp4';
  const authorities = typeof authority === 'string' ? { authorities: readFileSync(authority, 'utf8') } : {};
  const found = await readCredentials({ path: file, mimeType }, authorities);
  if (found === undefined || found.state === 'changed') process.exitCode = 1;
  print({ file, ...found, text: found ? inWords(file, found) : `${file} is not signed.` });
}

function inWords(file: string, { state, signer = 'somebody', problems, provenance }: Credentials): string {
  const says = {
    trusted: `${file} is as ${signer} signed it, and that is to be trusted.`,
    valid: `${file} is as ${signer} signed it, whom none of the authorities given vouches for.`,
    changed: `${file} was changed since ${signer} signed it: ${problems.join(', ')}.`,
  };
  const made = provenance?.effects.map(({ title, id, version }) => `  ${title} (${id}@${version})`) ?? [];
  return [
    says[state],
    ...(made.length > 0 ? [`It says that it was made ${provenance?.made} with:`, ...made] : []),
  ].join('\n');
}
