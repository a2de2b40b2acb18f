// Plays an effect without a clip: what it is, and what it does to the frames of a scene.
import { closeSync, openSync } from 'node:fs';
import type { SceneFacts } from '../effect/player.ts';
import type { Compiled } from '../javascript/compile.ts';
import { type Limits, limitsOf } from '../limits.ts';
import { readImages } from './image-files.ts';
import type { OpenedEffect } from './protocol.ts';
import { RenderChild } from './render-child.ts';
import { sourceOf } from './source.ts';

export async function inspect(
  compiled: Compiled,
  facts: SceneFacts,
  options: {
    readonly images?: Readonly<Record<string, string>>;
    readonly limits?: Partial<Limits>;
    readonly onPrint?: (text: string) => void;
  } = {},
): Promise<OpenedEffect> {
  const [source, images] = [await sourceOf(compiled), await readImages(options.images ?? {})];
  const nothing = openSync('/dev/null', 'r+');
  const limits = limitsOf(options.limits);
  const print = options.onPrint ? { onPrint: options.onPrint } : {};
  const child = new RenderChild({
    framesIn: nothing,
    framesOut: nothing,
    effects: [compiled],
    limits,
    onMove: () => {},
    ...print,
  });
  closeSync(nothing);
  const late = setTimeout(() => child.kill(), limits.wallMs);
  try {
    const { effects } = await child.ask({ do: 'open', effects: [{ ...source, images, facts }], limits }, 'opened');
    const [found] = effects;
    if (!found) throw new Error('Its process opened nothing.');
    return found;
  } finally {
    clearTimeout(late);
    child.kill();
    await child.ended;
  }
}
