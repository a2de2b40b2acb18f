// What a creator is told of a failure: in their own words' places, and with the limit that was hit.
import type { Compiled, Place } from '../javascript/compile.ts';
import { explain, type Limits } from '../limits.ts';
import type { Failure, FailureCode } from './protocol.ts';

export interface ProgramError extends Partial<Place> {
  readonly code: `sandbox.${FailureCode}`;
  readonly message: string;
}

export function explained(
  { code, message, stack }: Failure,
  limits: Limits,
  { program, placeOf }: Compiled,
): ProgramError {
  const limit = isLimit(code) ? explain[code](limits) : undefined;
  const place = stack === undefined ? undefined : firstPlace(stack, program.file, placeOf);
  return { code: `sandbox.${code}`, message: limit ?? message, ...place };
}

type LimitCode = FailureCode & keyof typeof explain;
const isLimit = (code: FailureCode): code is LimitCode => Object.hasOwn(explain, code);

/** The innermost place of a stack that is in the creator's own file. */
function firstPlace(stack: string, file: string, placeOf: Compiled['placeOf']): Place | undefined {
  for (const line of stack.split('\n')) {
    const at = line.lastIndexOf(`${file}:`);
    const [, row, column] = /^:(\d+)(?::(\d+))?/.exec(at < 0 ? '' : line.slice(at + file.length)) ?? [];
    const place = row === undefined ? undefined : placeOf(Number(row), Number(column ?? 1));
    if (place?.file === file) return place;
  }
  return undefined;
}
