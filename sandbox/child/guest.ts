import type { Busy, Failure, FailureCode } from '../supervisor/protocol.ts';
import type { Work } from './watch.ts';

/** A program in its isolate. One call at a time; after a failure that is a limit it is not used again. */
export interface Guest {
  /** How the watch asks it to stop, where it can. */
  readonly interrupt?: number;
  /** Runs the program once: its value is its default export or its last expression. */
  load(work: Work): void | Promise<void>;
  /** Calls the value, if it is a function, and answers in JSON: at once if it need not wait for anything. */
  call(work: Work, token: string, input: string | undefined): string | Promise<string>;
  /** The answer to what the guest asked for. */
  answer(request: number, value: string | undefined, error: string | undefined): void;
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
  /** Finds out what took the time, which takes as long once more: only for whoever tells somebody of it. */
  findBusy?: () => Promise<Busy | undefined>;

  constructor(code: FailureCode, message = '', stack?: string) {
    super(message.slice(0, MESSAGE_LENGTH));
    const where = stack === undefined ? {} : { stack: stack.slice(0, STACK_LENGTH) };
    this.failure = { code, message: this.message, ...where };
  }

  /** All that can be told of it. */
  async told(): Promise<Failure> {
    const busy = await this.findBusy?.();
    return busy ? { ...this.failure, busy } : this.failure;
  }
}
