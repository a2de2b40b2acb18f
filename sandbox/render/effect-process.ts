// A process that plays effects, with the pipes that pictures come and go through.
import type { Limits } from '../limits.ts';
import type { EffectUse } from './effect-use.ts';
import { type Fifo, openFifo } from './fifo.ts';
import { RenderChild } from './render-child.ts';
import type { Running } from './running.ts';

export interface EffectProcess {
  readonly child: RenderChild;
  /** What FFmpeg writes into. */
  readonly pictures: Fifo;
  /** What FFmpeg reads from. */
  readonly made: Fifo;
}

export async function startEffects(
  effects: readonly EffectUse[],
  limits: Limits,
  running: Running,
  onPrint: ((text: string) => void) | undefined,
): Promise<EffectProcess> {
  const [pictures, made] = [running.owns(await openFifo()), running.owns(await openFifo())];
  running.check();
  const ends = { framesIn: pictures.read, framesOut: made.write };
  const compiled = effects.map((effect) => effect.compiled);
  const print = onPrint ? { onPrint } : {};
  const child = running.owns(new RenderChild({ ...ends, effects: compiled, limits, onMove: running.moved, ...print }));
  // Its ends are its own now: who keeps one open keeps the other side waiting.
  pictures.closeRead();
  made.closeWrite();
  return { child, pictures, made };
}
