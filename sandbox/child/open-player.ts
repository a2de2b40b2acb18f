import { type EffectSource, type FramePlayer, openFramePlayer } from '../javascript/frame-player.ts';
import { FRAME_MS, type Limits, SETUP_MS } from '../limits.ts';
import { FrameWatch } from './frame-watch.ts';

/** Python is read only by those who need it. */
async function openIn(...given: Parameters<typeof openFramePlayer>): Promise<FramePlayer> {
  if (given[0].program.language === 'javascript') return openFramePlayer(...given);
  return (await import('../python/frame-player.ts')).openPythonPlayer(...given);
}

let watch: FrameWatch | undefined;
const BEFORE_FIRST = -1;
/** What a frame needs beside its own limit: its strings come across in a call of their own. */
const TWICE = 2;

/** Opens an effect to be played, in whichever language it is written, and watches over it. */
export async function openPlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  watch ??= new FrameWatch();
  const { within } = watch;
  const player = await openIn(source, limits, print);
  return {
    list: player.list,
    strings: player.strings,
    describe: () => within(BEFORE_FIRST, SETUP_MS, player.describe),
    filters: (facts) => within(BEFORE_FIRST, SETUP_MS, () => player.filters(facts)),
    start: (facts) => within(BEFORE_FIRST, SETUP_MS, () => player.start(facts)),
    frame: (index) => within(index, TWICE * FRAME_MS, () => player.frame(index)),
    dispose: player.dispose,
  };
}
