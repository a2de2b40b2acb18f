import { type Analyser, rounded } from './analyser.ts';
import { brightnessOf } from './brightness.ts';

/** Of 255: what changes as much on average is as different as another scene. */
const ALL = 64;

/** For each frame how much of the picture changed since the one before: 0 nothing, 1 as much as at a hard cut. */
export const motion: Analyser<readonly number[]> = {
  takes: ['pictures'],
  begin({ small }) {
    const found: number[] = [];
    const area = small.width * small.height;
    let [before, now] = [new Uint8Array(area), new Uint8Array(area)];
    return {
      see(picture) {
        brightnessOf(picture, now);
        let sum = 0;
        for (let at = 0; at < area; at++) sum += Math.abs((now[at] ?? 0) - (before[at] ?? 0));
        found.push(found.length === 0 ? 0 : rounded(Math.min(1, sum / area / ALL)));
        [before, now] = [now, before];
      },
      end: () => found,
    };
  },
};
