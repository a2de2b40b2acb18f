import type { Limits } from '../limits.ts';
import type { Failure, FailureCode } from '../supervisor/protocol.ts';

/** A program in its isolate. One call at a time; after a failure that is a limit it is not used again. */
export interface Guest {
  /** Runs the program once: its value is its default export or its last expression. */
  load(limits: Limits): Promise<void>;
  /** Calls the value, if it is a function, and answers in JSON. */
  call(token: string, input: string | undefined, limits: Limits): Promise<string>;
  /** The answer to what the guest asked for. */
  answer(request: number, value: string | undefined, error: string | undefined): void;
  readonly cpuMs: number;
  dispose(): void;
}

/** What a guest may reach: us, to print and to ask. */
export interface Surroundings {
  print(text: string): void;
  ask(token: string, request: number, name: string, argument: string): void;
}

/** A guest may write as much as it likes into an error; this much is read. */
const MESSAGE_LENGTH = 4_000;
const STACK_LENGTH = 16_000;

/** Why a guest did not answer. */
export class GuestFailure extends Error {
  readonly failure: Failure;

  constructor(code: FailureCode, message = '', stack?: string) {
    super(message.slice(0, MESSAGE_LENGTH));
    const where = stack === undefined ? {} : { stack: stack.slice(0, STACK_LENGTH) };
    this.failure = { code, message: this.message, ...where };
  }
}
