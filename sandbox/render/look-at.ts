import { renderErrors } from './errors.ts';
import { type FFmpeg, findFFmpeg, locateFFmpeg } from './ffmpeg.ts';
import { type ClipFacts, probe } from './probe.ts';
import { fileHash } from './provenance.ts';

/** What a render knows before it begins. */
export interface LookedAt {
  readonly clip: ClipFacts;
  readonly ffmpeg: FFmpeg;
  readonly inputHash: string;
}

export interface Looking extends Partial<LookedAt> {
  readonly input: string;
  readonly signal?: AbortSignal;
}

/** Finds out what is not known already. */
export async function lookAt({ input, signal, ffmpeg, clip, inputHash }: Looking): Promise<LookedAt> {
  const options = { ffmpeg: ffmpeg ?? locateFFmpeg(), ...(signal ? { signal } : {}) };
  const hashing = inputHash === undefined ? fileHash(input, signal) : Promise.resolve(inputHash);
  // The probe says better why a file cannot be read.
  hashing.catch(() => {});
  const [found, facts] = await Promise.all([ffmpeg ?? findFFmpeg(), clip ?? probe(input, options)]);
  const hash = await hashing.catch((cause: Error) => {
    throw signal?.aborted ? renderErrors.cancelled() : renderErrors.missing_file({ cause });
  });
  return { clip: facts, ffmpeg: found, inputHash: hash };
}
