// Why an isolate did not answer.
import { GuestFailure } from '../child/guest.ts';
import type { FailureCode } from '../supervisor/protocol.ts';

/** As V8 says it, with the place where it was. A program may say so as well: then it has ended itself. */
const TIMED_OUT = 'Script execution timed out.';

/** `bound`: what it means that its time was over. */
export function failureOf(error: unknown, disposed: boolean, bound: FailureCode): GuestFailure {
  if (error instanceof GuestFailure) return error;
  if (disposed) return new GuestFailure('memory');
  if (!(error instanceof Error)) return new GuestFailure('threw', `It threw ${String(error)}`);
  if (error.message === TIMED_OUT) return new GuestFailure(bound, '', error.stack);
  return new GuestFailure('threw', `${error.name}: ${error.message}`, error.stack);
}
