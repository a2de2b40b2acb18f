// Programs that some tests need and a machine may lack; scripts/system.json lists them and `npm test` installs them.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Debian keeps servers where a normal user's PATH does not look. */
const DIRECTORIES = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/usr/bin'];

/**
 * Where a program is, or `undefined`: `describe.skipIf(!systemPart('redis-server'))(…)`.
 * Under CI nothing may be missing, so nothing is left out there.
 */
export function systemPart(binary: string): string | undefined {
  return DIRECTORIES.map((directory) => join(directory, binary)).find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
