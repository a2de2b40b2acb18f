// Pictures that params name, read for the process that draws with them. Nothing of them is looked at on this side.
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { IMAGE_BYTES, IMAGES } from '../limits.ts';
import { renderErrors } from './errors.ts';

/** The files' bytes as base64, by the names that they were given under. */
export async function readImages(files: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const entries = Object.entries(files);
  if (entries.length > IMAGES)
    throw renderErrors.bad_image({ detail: `${entries.length} pictures for one effect: ${IMAGES} are the limit.` });
  let room = IMAGE_BYTES;
  const read: [string, string][] = [];
  for (const [name, file] of entries) {
    const found = await stat(file).catch(() => undefined);
    if (!found?.isFile()) throw renderErrors.missing_file({ detail: `There is no picture ${file} for "${name}".` });
    room -= found.size;
    if (room < 0)
      throw renderErrors.bad_image({
        detail: `With ${basename(file)} they are more than ${IMAGE_BYTES} bytes together.`,
      });
    read.push([name, await readFile(file, 'base64')]);
  }
  return Object.fromEntries(read);
}
