// Plays an effect without a clip: what it is, and what it does to the frames of a scene.
import { closeSync, openSync } from 'node:fs';
import type { Description } from '../effect/describe.ts';
import type { SceneFacts } from '../effect/player.ts';
import type { Compiled } from '../javascript/compile.ts';
import { type Limits, limitsOf } from '../limits.ts';
import type { Seen } from './protocol.ts';
import { RenderChild } from './render-child.ts';
import { sourceOf } from './source.ts';

export interface Inspected {
  readonly description: Description;
  /** What it asks of FFmpeg, unchecked. */
  readonly filters: unknown;
  readonly seen: Seen;
}

export async function inspect(
  compiled: Compiled,
  facts: SceneFacts,
  options: { readonly limits?: Partial<Limits>; readonly onPrint?: (text: string) => void } = {},
): Promise<Inspected> {
  const source = await sourceOf(compiled);
  const nothing = openSync('/dev/null', 'r+');
  const limits = limitsOf(options.limits);
  const print = options.onPrint ? { onPrint: options.onPrint } : {};
  const child = new RenderChild({
    framesIn: nothing,
    framesOut: nothing,
    compiled,
    limits,
    onMove: () => {},
    ...print,
  });
  closeSync(nothing);
  const late = setTimeout(() => child.kill(), limits.wallMs);
  try {
    const { description, filters, seen } = await child.ask({ do: 'open', ...source, facts, limits }, 'opened');
    return { description, filters, seen };
  } finally {
    clearTimeout(late);
    child.kill();
    await child.ended;
  }
}
