import { text } from 'node:stream/consumers';
import { PROBE_BOUNDS } from '../limits.ts';
import { renderErrors } from './errors.ts';
import { locateFFmpeg } from './ffmpeg.ts';
import { GUARDED } from './input.ts';
import { startJailed } from './jail.ts';
import { PROVENANCE_TAG, type Provenance, provenanceFrom } from './provenance.ts';

/**
 * What a result says of how it was made; nothing, if it is none of ours. Anybody can write such a tag: it tells what a
 * file claims, a signature tells whether that is true.
 *
 * @example (await readProvenance('out.mp4'))?.effects[0]?.title
 */
export async function readProvenance(file: string): Promise<Provenance | undefined> {
  const shown = ['-show_entries', `format_tags=${PROVENANCE_TAG}`, '-of', 'json'];
  const { stdout, ended } = startJailed({
    program: locateFFmpeg().ffprobe,
    reads: [file],
    args: ({ input }) => ['-v', 'error', ...GUARDED, ...shown, input(0)],
    stdout: 'pipe',
    bounds: PROBE_BOUNDS,
  });
  const [said, { code, words }] = await Promise.all([stdout ? text(stdout) : '', ended]);
  if (code !== 0) throw renderErrors.not_a_video({ cause: words });
  const { format } = JSON.parse(said) as { format?: { tags?: Readonly<Record<string, string>> } };
  return provenanceFrom(format?.tags?.[PROVENANCE_TAG]);
}
