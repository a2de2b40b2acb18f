import { type EffectSource, type FramePlayer, openFramePlayer } from '../javascript/frame-player.ts';
import { FRAME_MS, type Limits, SETUP_MS } from '../limits.ts';
import { GuestFailure } from './guest.ts';
import { startWatch, watchFrame } from './watch.ts';

/** Python is read only by those who need it. */
async function openIn(...given: Parameters<typeof openFramePlayer>): Promise<FramePlayer> {
  if (given[0].program.language === 'javascript') return openFramePlayer(...given);
  return (await import('../python/frame-player.ts')).openPythonPlayer(...given);
}

/** Opens an effect to be played, in whichever language it is written, and watches over it. */
export async function openPlayer(
  source: EffectSource,
  limits: Limits,
  print: (text: string) => void,
): Promise<FramePlayer> {
  startWatch();
  const player = await openIn(source, limits, print);
  const { list, strings, interrupt, dispose, findBusy } = player;
  const setup = <T>(run: () => T) => watchFrame({ frame: -1, ms: SETUP_MS, code: 'setup' }, interrupt, run);
  const within = <T>(frame: number, run: () => T) => watchFrame({ frame, ms: FRAME_MS, code: 'frame' }, interrupt, run);
  return {
    ...{ list, strings, dispose },
    describe: () => setup(player.describe),
    filters: (facts) => setup(() => player.filters(facts)),
    start: (facts) => setup(() => player.start(facts)),
    frame: (index) => {
      try {
        return within(index, () => player.frame(index));
      } catch (error) {
        if (error instanceof GuestFailure && error.failure.code === 'frame' && findBusy)
          error.findBusy = () => findBusy(index, (run) => within(index, run));
        throw error;
      }
    },
  };
}
