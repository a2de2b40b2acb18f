import { mkdtemp, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { renderErrors } from './errors.ts';
import type { Running } from './running.ts';

/** A directory that is gone when the render is over. It is on the result's disk, so that moving it there is one step. */
export async function workspaceBeside(output: string, running: Running): Promise<string> {
  const beside = dirname(resolve(output));
  const path = await mkdtemp(join(beside, `.${basename(output)}-`)).catch((cause: Error) => {
    throw renderErrors.missing_file({ detail: `Nothing can be written to "${beside}".`, cause });
  });
  running.owns({ ended: Promise.resolve(), kill: () => {}, cleared: () => rm(path, { recursive: true, force: true }) });
  return path;
}
