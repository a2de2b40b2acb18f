// What this room's work is called by the queue, and what is told of it to plugins.
import type { MediaWork } from '@plinth/sdk/services/media.ts';
import type { Work } from '../work/item.ts';

export const TRANSCODE = 'media.transcode';
export const ANALYSE = 'media.analyse';

type About = Pick<MediaWork, 'mediaId' | 'accountId' | 'what' | 'key'>;

/** What it is, whose, and by which name they know it. */
export function aboutOf({ workId, kind, accountId, key }: Pick<Work, 'workId' | 'kind' | 'accountId' | 'key'>): About {
  return {
    ...{ mediaId: workId, what: kind === ANALYSE ? 'analyse' : 'transcode' },
    ...(accountId === undefined ? {} : { accountId }),
    ...(key === undefined ? {} : { key }),
  };
}
