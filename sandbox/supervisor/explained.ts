// What a creator is told of a failure: in their own words' places, and with the limit that was hit.
import type { Compiled, Place } from '../javascript/compile.ts';
import { explain, type Limits } from '../limits.ts';
import type { Busy, Failure, FailureCode } from './protocol.ts';

export interface ProgramError extends Partial<Place> {
  readonly code: `sandbox.${FailureCode}`;
  readonly message: string;
}

export function explained(
  { code, message, stack, busy }: Failure,
  limits: Limits,
  { program, placeOf }: Compiled,
): ProgramError {
  const place = stack === undefined ? undefined : firstPlace(stack, program.file, placeOf);
  if (!isLimit(code)) return { code: `sandbox.${code}`, message, ...place };
  const words = [explain[code](limits)];
  if (place && STOPS.has(code)) words.push(stoppedAt(place.line, busy, busy && placeOf(busy.line, busy.column)?.line));
  return { code: `sandbox.${code}`, message: words.join(' '), ...place };
}

/** Those after which a program was stopped wherever it was. */
const STOPS: ReadonlySet<FailureCode> = new Set(['cpu', 'time', 'setup', 'frame']);

function stoppedAt(line: number, busy: Busy | undefined, from: number | undefined): string {
  const stopped = `It was at line ${line} when it was stopped`;
  if (!busy || from === undefined) return `${stopped}.`;
  const what = busy.name === '' ? 'the function' : `"${busy.name}"`;
  return `${stopped}; ${what} at line ${from} took ${Math.round(busy.ms)} ms of it.`;
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
