import type { Schema } from './schema.ts';

/** Whoever wrote the schema must not decide how large a page becomes. */
const MOST_ITEMS = 10;
const MOST_CHARACTERS = 300;

/** A value that fits a schema: `required` leaves out what may be left out. */
export function exampleOf(schema: Schema, fields: 'all' | 'required' = 'all', depth = 0): unknown {
  const { default: fallback, examples, enum: values, anyOf, oneOf, allOf } = schema;
  if (fallback !== undefined) return fallback;
  if (Array.isArray(examples)) return examples[0];
  if ('const' in schema) return schema.const;
  if (values) return values[0];
  const choice = (anyOf ?? oneOf)?.[0];
  if (choice) return exampleOf(choice, fields, depth);
  if (allOf) return Object.assign({}, ...allOf.map((each) => exampleOf(each, fields, depth)));
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  if (type === 'object') return depth > 6 ? {} : objectLike(schema, fields, depth);
  if (type === 'array') return depth > 6 ? [] : listLike(schema, fields, depth);
  if (type === 'string') return stringLike(schema);
  if (type === 'integer' || type === 'number') return numberLike(schema);
  return type === 'boolean' ? true : type === 'null' ? null : {};
}

function objectLike(schema: Schema, fields: 'all' | 'required', depth: number): unknown {
  const { properties = {}, required = [] } = schema;
  const shown = Object.entries(properties).filter(([name]) => fields === 'all' || required.includes(name));
  return Object.fromEntries(shown.map(([name, field]) => [name, exampleOf(field, fields, depth + 1)]));
}

function listLike({ items, prefixItems, minItems }: Schema, fields: 'all' | 'required', depth: number): unknown[] {
  const places = prefixItems ?? (Array.isArray(items) ? (items as readonly Schema[]) : undefined);
  if (places) return places.map((place) => exampleOf(place, fields, depth + 1));
  const one = exampleOf((items as Schema | undefined) ?? {}, fields, depth + 1);
  return new Array(Math.min(Math.max(1, Number(minItems ?? 1)), MOST_ITEMS)).fill(one);
}

function stringLike({ format, pattern, minLength, maxLength }: Schema): string {
  const samples = format === undefined ? WORDS : [FORMATS[format] ?? 'text'];
  const fits = pattern === undefined ? undefined : new RegExp(pattern as string, 'u');
  const sample = samples.find((each) => !fits || fits.test(each)) ?? 'text';
  return sample
    .padEnd(Math.min(Number(minLength ?? 0), MOST_CHARACTERS), '.')
    .slice(0, Number(maxLength ?? MOST_CHARACTERS));
}

function numberLike({ minimum, exclusiveMinimum, maximum }: Schema): number {
  const least = minimum ?? (exclusiveMinimum === undefined ? 1 : Number(exclusiveMinimum) + 1);
  return Math.min(Math.max(Number(least), 1), Number(maximum ?? Number.POSITIVE_INFINITY));
}

const FORMATS: Readonly<Record<string, string>> = {
  email: 'ada@example.org',
  uuid: '0192f0c1-7a5e-7000-8000-000000000001',
  'date-time': '2030-01-31T12:00:00Z',
  date: '2030-01-31',
  time: '12:00:00Z',
  uri: 'https://example.org/',
  hostname: 'example.org',
  ipv4: '192.0.2.1',
};

/** Patterns cannot be run backwards; one of these fits most of those that people write. */
const WORDS = `text a-b a:b a:b:c a.b USD 1h 12:00 123456 a.b@1 en dGV4dA== /path 1 #336699 ${'a'.repeat(64)}`.split(
  ' ',
);
