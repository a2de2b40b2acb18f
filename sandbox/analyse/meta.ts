import type { VideoMeta } from '@plinth/sdk/effect.ts';
import { rateOf } from '../render/fraction.ts';
import type { Analyser } from './analyser.ts';

/** What a file says of itself; of what is rendered, how long it is. */
export const meta: Analyser<VideoMeta> = {
  takes: [],
  begin: ({ clip, fps, frames, duration, hasSound }) => ({
    end: () => ({
      ...{ width: clip?.width ?? 0, height: clip?.height ?? 0, fps: clip ? rateOf(clip.fps) : fps, frames, duration },
      ...{ rotation: clip?.rotation ?? 0, codec: clip?.codec ?? '', hasSound },
    }),
  }),
};
