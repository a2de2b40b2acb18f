// What the supervisor and a child tell each other. The child is not trusted: whatever it says is checked.
import type { Limits } from '../limits.ts';

/** To whoever asks in the name of a call that has its answer. */
export const CALL_IS_OVER = 'That call is over.';

export type Language = 'javascript' | 'python';

/** A program ready to run: TypeScript and imports are gone. */
export interface Program {
  readonly language: Language;
  /** A module has exports; a script has the value of its last expression. Python is always a script. */
  readonly kind: 'module' | 'script';
  readonly file: string;
  readonly code: string;
}

export type ToChild =
  /** Takes a program in and runs it: its value is its default export or its last expression. */
  | {
      readonly do: 'load';
      readonly guest: number;
      readonly program: Program;
      readonly limits: Limits;
      /** The file that Python starts from. */
      readonly snapshot: string | undefined;
      readonly text?: undefined;
    }
  /** Calls that value, a function, or answers it as it is. The text is its input, as JSON. */
  | {
      readonly do: 'call';
      readonly guest: number;
      readonly call: string;
      readonly limits: Limits;
      readonly text: string | undefined;
    }
  | { readonly do: 'forget'; readonly guest: number; readonly text?: undefined }
  /** Has an interpreter wait for the next program of Python. */
  | { readonly do: 'warm'; readonly snapshot: string; readonly text?: undefined }
  /** The answer to what the guest asked for in that call, as JSON. */
  | {
      readonly do: 'answer';
      readonly call: string;
      readonly request: number;
      readonly error?: string;
      readonly text?: string | undefined;
    };

export type FromChild =
  | { readonly say: 'ready'; readonly text?: undefined }
  | { readonly say: 'printed'; readonly text: string }
  /** The text is the argument, as JSON. */
  | {
      readonly say: 'asks';
      readonly call: string;
      readonly request: number;
      readonly name: string;
      readonly text: string;
    }
  /** The text is the value, as JSON. */
  | ({ readonly say: 'done'; readonly failure?: Failure | undefined; readonly text?: string | undefined } & Figures);

/** What some work took. */
export interface Figures {
  readonly cpuMs: number;
  /** In bytes. */
  readonly peakMemory: number;
}

export const FAILURE_CODES = [
  'syntax',
  'threw',
  'cpu',
  'time',
  'setup',
  'frame',
  'block',
  'memory',
  'value',
  'crashed',
] as const;
export type FailureCode = (typeof FAILURE_CODES)[number];

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** As the runtime tells it: places in what was run, not yet in what was written. */
  readonly stack?: string;
  /** What took the time. */
  readonly busy?: Busy;
}

/** A function, by where it begins in what was run, and how long it was at work itself. */
export interface Busy {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly ms: number;
}
