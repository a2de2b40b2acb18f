// What a render is asked with, against what the effect declares: defaults filled in, and a sentence for what is wrong.
import type { Param, Params } from '@plinth/sdk/effect.ts';

export interface ParamProblem {
  readonly param: string;
  readonly message: string;
}

export interface Settled {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly ParamProblem[];
}

/** @example settle({ size: number(40, { max: 400 }) }, { size: 900 }).problems[0].message // "It is at most 400." */
export function settle(params: Params, given: Readonly<Record<string, unknown>>): Settled {
  const problems: ParamProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, param] of Object.entries(params)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const message = value === undefined || value === null ? undefined : wrongWith(param, value);
    if (message) problems.push({ param: name, message });
    values[name] = value === undefined || value === null || message ? param.default : value;
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(params, name)) problems.push({ param: name, message: unknown(Object.keys(params)) });
  }
  return { values, problems };
}

const unknown = (names: readonly string[]) =>
  names.length === 0 ? 'This effect has no params.' : `There is no such param. There are: ${names.join(', ')}.`;

function wrongWith(param: Param<unknown>, value: unknown): string | undefined {
  switch (param.kind) {
    case 'number':
    case 'integer':
      return wrongNumber(param, value);
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'It is true or false.';
    case 'choice':
      return param.options?.includes(value as string) ? undefined : `It is one of ${param.options?.join(', ')}.`;
    case 'color':
      return COLOR.test(String(value)) ? undefined : 'It is a colour like #ff3b6b or #ff3b6b80.';
    case 'point':
      return isPoint(value) ? undefined : 'It is { "x": 0.5, "y": 0.5 }: parts of the width and the height.';
    case 'curve':
      return isCurve(value) ? undefined : 'It is a list of { x, y } from 0 to 1, by rising x.';
    case 'dataset':
      return Array.isArray(value) ? undefined : 'It is a list of rows.';
    case 'font':
      return FONTS.includes(String(value)) ? undefined : `It is one of ${FONTS.join(', ')}.`;
    default:
      return wrongText(param, value);
  }
}

const COLOR = /^#[0-9a-f]{6}([0-9a-f]{2})?$/i;
const FONTS = ['Sans', 'Serif', 'Mono', 'Display'];
const LONGEST_TEXT = 2_000;

function wrongNumber({ kind, min, max }: Param<unknown>, value: unknown): string | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'It is a number.';
  if (kind === 'integer' && !Number.isInteger(value)) return 'It is a whole number.';
  if (min !== undefined && value < min) return `It is at least ${min}.`;
  return max !== undefined && value > max ? `It is at most ${max}.` : undefined;
}

function wrongText({ maxLength = LONGEST_TEXT }: Param<unknown>, value: unknown): string | undefined {
  if (typeof value !== 'string') return 'It is a text.';
  return value.length > maxLength ? `It has at most ${maxLength} characters.` : undefined;
}

function isPoint(value: unknown): value is { x: number; y: number } {
  const { x, y } = (value ?? {}) as { x?: unknown; y?: unknown };
  return Number.isFinite(x) && Number.isFinite(y);
}

function isCurve(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2 || !value.every(isPoint)) return false;
  let before = -1;
  return value.every(({ x, y }) => {
    const rises = x > before;
    before = x;
    return rises && x >= 0 && x <= 1 && y >= 0 && y <= 1;
  });
}
