import type { ParseArgsOptionsConfig } from 'node:util';

/** What was typed after the verb. */
export interface Typed {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly words: readonly string[];
}

/** One verb of the command line. What `run` answers is printed: its `text` for people, all of it with `--json`. */
export interface Verb {
  readonly summary: string;
  /** After the verb's name: `[--port N]`. */
  readonly usage: string;
  readonly options: ParseArgsOptionsConfig;
  run(typed: Typed, print: (result: Result) => void): Promise<void>;
}

export interface Result {
  readonly text: string;
  readonly [field: string]: unknown;
}
