// Joins parts of a render without encoding them anew: each begins with a keyframe and refers to nothing before it. The sound
// is the clip's own, in one piece.
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { RENDER_BOUNDS } from '../limits.ts';
import { joinArgs, PARTS, type Task } from './commands.ts';
import { finished } from './encode.ts';
import { rateOf } from './fraction.ts';
import { startJailed } from './jail.ts';
import type { Running } from './running.ts';

export interface Joining {
  /** Of the whole. */
  readonly task: Task;
  readonly input: string;
  /** In order. They are in the workspace. */
  readonly parts: readonly { readonly file: string; readonly frames: number }[];
  readonly workspace: string;
  readonly running: Running;
}

/** Answers how many frames are in the result. */
export async function joinSegments({ task, input, parts, workspace, running }: Joining): Promise<number> {
  let frames = 0;
  // A file's own word of how long it is is rounded to a thousandth of a second.
  const at = (frame: number) => Math.round((1e6 * frame) / rateOf(task.clip.fps));
  const list = parts.map((part) => {
    const lasts = at(frames + part.frames) - at(frames);
    frames += part.frames;
    return `file '${basename(part.file)}'\nduration ${(lasts / 1e6).toFixed(6)}\n`;
  });
  await writeFile(join(workspace, PARTS), list.join(''));
  const run = {
    program: task.ffmpeg.ffmpeg,
    reads: task.sound === undefined ? [input] : [input, task.sound],
    writes: workspace,
    bounds: RENDER_BOUNDS,
  };
  const joining = running.owns(startJailed({ ...run, args: (place) => joinArgs(task, place) }));
  return finished({ task, running, onProgress: undefined }, joining);
}
