// What an effect says of itself is kept with each result, and told to whoever asks: so it may not be long.
import { GuestFailure } from '../child/guest.ts';
import type { Description } from '../effect/describe.ts';
import { DESCRIPTION_LENGTH, TITLE_LENGTH } from '../limits.ts';

/** Looked at out here: inside, the effect itself could have a say in it. */
export function readDescription(json: string): Description {
  if (json.length > DESCRIPTION_LENGTH) throw tooLong('What it says of itself', DESCRIPTION_LENGTH);
  const description = JSON.parse(json) as Description;
  if (String(description.title).length > TITLE_LENGTH) throw tooLong('Its title', TITLE_LENGTH);
  return description;
}

const tooLong = (what: string, limit: number) =>
  new GuestFailure('threw', `${what} is longer than ${limit} characters, which is the limit.`);
