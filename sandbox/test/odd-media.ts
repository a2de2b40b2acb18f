// Clips as people and strangers upload them, rendered with an effect that leaves them as they are.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { compileJavaScript } from '../javascript/compile.ts';
import { type Rendered, type RenderOptions, render } from '../render/pipeline.ts';
import { aDirectory, descendants, isAlive } from './clips.ts';

const NOTHING = `import { effect } from '@plinth/sdk/effect';\nexport default effect({ title: 'Nothing', frame() {} });`;

export async function aStudio() {
  const directory = aDirectory();
  const at = (name: string) => join(directory, name);
  const effects = [{ compiled: await compileJavaScript('nothing.ts', NOTHING) }];
  const before = descendants();
  const started = () => descendants().filter((pid) => !before.includes(pid) && isAlive(pid));
  const rendered = (input: string, options: Partial<RenderOptions> = {}): Promise<Rendered> =>
    render({ input: at(input), output: at(`${input}.result.mp4`), effects, ...options });
  return {
    at,
    rendered,
    /** The sentence with which it is refused, after which nothing is left: no file and no process. */
    async refused(input: string): Promise<string | undefined> {
      const sentence = await rendered(input).then(() => undefined, String);
      if (sentence === undefined) return undefined;
      const left = readdirSync(directory).filter((name) => name.startsWith('.') || name === `${input}.result.mp4`);
      expect(left, input).toEqual([]);
      // The system takes a moment to bury them.
      await vi.waitFor(() => expect(started()).toEqual([]), { timeout: 5_000 });
      return sentence.replace('Problem: ', '');
    },
  };
}

export const VIDEO = ['-c:v', 'libx264', '-preset', 'ultrafast'];
export const color = (name: string, size = '64x64', seconds = 0.3) => [
  ...['-f', 'lavfi', '-i', `color=${name}:s=${size}:r=30:d=${seconds},format=gbrp`],
];
