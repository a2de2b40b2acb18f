import { type EffectSource, type FramePlayer, openFramePlayer } from '../javascript/frame-player.ts';
import type { Limits } from '../limits.ts';

/** Opens an effect to be played, in whichever language it is written. */
export function openPlayer(source: EffectSource, limits: Limits, print: (text: string) => void): Promise<FramePlayer> {
  return openFramePlayer(source, limits, print);
}
