// A line of text as an image: in every script that our fonts have, which FFmpeg's own letters are not. Strangers wrote
// it, so it is drawn behind the wall like all that is theirs.
import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { MARK_WITHIN_MS } from '../../limits.ts';
import { findWall, startOf } from '../../supervisor/wall.ts';
import { renderErrors } from '../errors.ts';
import type { Running } from '../running.ts';

/** Answers the file. */
export async function drawMark(text: string, file: string, running: Running): Promise<string> {
  const { file: program, args, ...options } = startOf(findWall(), undefined, 'child/mark.ts');
  const child = spawn(program, args, { ...options, cwd: '/', stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise<number | null>((resolve) => {
    child.on('error', () => resolve(null));
    child.on('close', resolve);
  });
  running.owns({ ended, kill: () => child.kill('SIGKILL') });
  const late = setTimeout(() => child.kill('SIGKILL'), MARK_WITHIN_MS);
  child.stdin.on('error', () => {});
  child.stdin.end(text);
  const [image, code] = await running.race(Promise.all([buffer(child.stdout), ended]));
  clearTimeout(late);
  if (code !== 0) throw renderErrors.failed({ detail: 'The text of the watermark could not be drawn.' });
  await writeFile(file, image);
  return file;
}
