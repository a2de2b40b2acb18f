import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import type { TSchema } from 'typebox';

/** What is wrong with one field, for people: `{ path: '/points', message: 'must be >= 1' }`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Returns what is wrong with a value, or nothing. Fills in the schema's defaults. */
export type Check = (value: unknown) => readonly FieldError[] | undefined;

const strict = makeAjv(false);
// Query strings and path parameters are text: "5" may stand for 5 there, and only there.
const lenient = makeAjv('array');

function makeAjv(coerceTypes: false | 'array'): Ajv {
  const ajv = new Ajv({ coerceTypes, useDefaults: true, allErrors: false, strict: false, ownProperties: true });
  // The CommonJS default export is a namespace under ESM.
  (formats as unknown as { default?: (ajv: Ajv) => void } & ((ajv: Ajv) => void)).default?.(ajv);
  return ajv;
}

const compiled = new WeakMap<object, Check>();

/** The check of a schema, compiled once. Unknown fields are refused unless the schema allows them. */
export function checkOf(schema: TSchema): Check {
  const known = compiled.get(schema);
  if (known) return known;
  const check = compileCheck(schema);
  compiled.set(schema, check);
  return check;
}

export function compileCheck(schema: TSchema, coerce: 'text' | 'json' = 'json'): Check {
  const validate = (coerce === 'text' ? lenient : strict).compile(closed(schema) as object) as ValidateFunction;
  return (value) => (validate(value) ? undefined : (validate.errors ?? []).map(fieldError));
}

function fieldError(error: ErrorObject): FieldError {
  const extra: unknown = error.params.additionalProperty;
  if (typeof extra === 'string') return { path: `${error.instancePath}/${extra}`, message: 'is not a known field' };
  const values: unknown = error.params.allowedValues ?? error.params.allowedValue;
  return {
    path: error.instancePath,
    message: `${error.message ?? 'is wrong'}${values === undefined ? '' : `: ${JSON.stringify(values)}`}`,
  };
}

/** A plain JSON copy of a schema in which every object that does not say otherwise refuses unknown fields. */
export function closed(schema: TSchema): TSchema {
  return JSON.parse(JSON.stringify(schema), (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('type' in value) || value.type !== 'object') return value;
    if (!('properties' in value) || 'additionalProperties' in value || 'patternProperties' in value) return value;
    return { ...value, additionalProperties: false };
  }) as TSchema;
}
