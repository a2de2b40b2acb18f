// What a child says of some work, taken for what it is: the word of a process that may be a stranger's by now.
import { STOPPED_WORDS } from '../child/watch-slots.ts';
import { FAILURE_CODES, type Failure, type FailureCode, type Figures } from './protocol.ts';

export interface Answer extends Figures {
  /** As JSON. */
  readonly text?: string | undefined;
  readonly failure?: Failure | undefined;
}

/** Whatever was said, as an answer. */
export function answerOf(said: unknown): Answer {
  const { text, failure, cpuMs, peakMemory } = (said ?? {}) as Record<string, unknown>;
  return {
    cpuMs: figure(cpuMs),
    peakMemory: figure(peakMemory),
    ...(failure === undefined ? { text: String(text ?? 'null') } : { failure: failureOf(failure) }),
  };
}

const figure = (said: unknown): number => (typeof said === 'number' && said >= 0 ? said : 0);

function failureOf(said: unknown): Failure {
  const { code, message, stack } = (said ?? {}) as Record<string, unknown>;
  const known = FAILURE_CODES.find((one): one is FailureCode => one === code) ?? 'crashed';
  const where = typeof stack === 'string' ? { stack } : {};
  return { code: known, message: typeof message === 'string' ? message : '', ...where };
}

/** What the watch in a process wrote before it ended it, if it was the watch. */
export function lastAnswer(words: string): Answer | undefined {
  const at = words.lastIndexOf(STOPPED_WORDS);
  if (at < 0) return undefined;
  try {
    return answerOf(JSON.parse(words.slice(at + STOPPED_WORDS.length).split('\n', 1)[0] ?? ''));
  } catch {
    return undefined;
  }
}
