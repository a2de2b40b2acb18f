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
    }
  /** Calls that value, a function, or answers it as it is. */
  | {
      readonly do: 'call';
      readonly guest: number;
      readonly call: string;
      readonly input: string | undefined;
      readonly limits: Limits;
    }
  | { readonly do: 'forget'; readonly guest: number }
  /** Has an interpreter wait for the next program of Python. */
  | { readonly do: 'warm'; readonly snapshot: string }
  /** The answer to a call that the guest made. */
  | { readonly do: 'answer'; readonly request: number; readonly value?: string; readonly error?: string };

export type FromChild =
  | { readonly say: 'ready' }
  | { readonly say: 'printed'; readonly text: string }
  | {
      readonly say: 'asks';
      readonly call: string;
      readonly request: number;
      readonly name: string;
      readonly argument: string;
    }
  | {
      readonly say: 'done';
      readonly value?: string;
      readonly failure?: Failure;
      readonly cpuMs: number;
      readonly peakMemory: number;
    };

export type FailureCode = 'syntax' | 'threw' | 'cpu' | 'time' | 'frame' | 'block' | 'memory' | 'value' | 'crashed';

export interface Failure {
  readonly code: FailureCode;
  readonly message: string;
  /** As the runtime tells it: places in what was run, not yet in what was written. */
  readonly stack?: string;
}
