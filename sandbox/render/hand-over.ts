import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { RESULT } from './commands.ts';
import type { Provenance } from './provenance.ts';
import type { RenderOptions } from './render-options.ts';

const SIGNED = 'signed';

/** The last steps: what FFmpeg wrote is signed where that is wanted, and put where it belongs. */
export async function handOver(
  { output, sign, still = false, part }: RenderOptions,
  workspace: string,
  provenance: Provenance,
): Promise<void> {
  const [made, signed] = [join(workspace, RESULT), join(workspace, SIGNED)];
  // Parts become one result, which is signed then.
  if (!sign || part) return rename(made, output);
  await sign({ file: made, mimeType: still ? 'image/png' : 'video/mp4', provenance }, signed);
  await rename(signed, output);
}
