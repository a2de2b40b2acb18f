import { renderErrors } from '../errors.ts';
import type { ClipFacts } from '../probe.ts';
import type { Job } from './job.ts';

/** The clip that is transcoded, for recipes that are nothing without moving pictures. */
export function clipOf({ media }: Pick<Job, 'media'>): ClipFacts {
  if (media.kind === 'video') return media.facts;
  throw media.kind === 'audio' ? renderErrors.no_pictures() : renderErrors.not_a_video({ detail: 'It is a picture.' });
}
