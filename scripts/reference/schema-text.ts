// A JSON schema as people read it: a TypeScript type with its limits in comments.
import type { Commented } from './comments.ts';

interface Schema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

/** The name under which a schema is exported, if it is. */
export type Name = (schema: object) => string | undefined;

/** What has a name is told by it. */
export function schemaText(schema: object, named: Name, comments?: Commented, indent = ''): string {
  const given = schema as Schema;
  const name = named(given);
  if (name !== undefined) return name;
  const inner = (each: Schema, below = comments?.parts[0]) => schemaText(each, named, below, indent);
  if (given.const !== undefined) return JSON.stringify(given.const);
  if (given.enum) return given.enum.map((each) => JSON.stringify(each)).join(' | ');
  if (given.anyOf) {
    const unions = comments?.parts[0]?.parts;
    return given.anyOf.map((each, index) => inner(each, unions?.[index])).join(' | ');
  }
  if (given.type === 'array') {
    const item = inner(given.items ?? {});
    return item.includes(' | ') ? `(${item})[]` : `${item}[]`;
  }
  const values = Object.values(given.patternProperties ?? {})[0];
  if (values) return `Record<string, ${inner(values, comments?.parts[1])}>`;
  if (given.type === 'object') return objectText(given, named, comments, indent);
  return given.type === 'integer' ? 'number' : (given.type ?? 'unknown');
}

function objectText(
  { properties = {}, required = [] }: Schema,
  named: Name,
  comments: Commented | undefined,
  indent: string,
): string {
  const entries = Object.entries(properties);
  if (entries.length === 0) return '{}';
  const fields = (comments?.fields.size ? comments : comments?.parts[0])?.fields;
  const lines = entries.map(([field, schema]) => {
    const optional = !required.includes(field);
    const written = fields?.get(field);
    const type = optional ? written?.type.parts[0] : written?.type;
    const known = named(schema) !== undefined;
    const note = [written?.comment, schema.description, known ? '' : limits(schema)].filter(Boolean).join(' ');
    const comment = note === '' ? '' : `${indent}  /** ${note.replaceAll(/\s+/g, ' ')} */\n`;
    return `${comment}${indent}  ${field}${optional ? '?' : ''}: ${schemaText(schema, named, type, `${indent}  `)};`;
  });
  return `{\n${lines.join('\n')}\n${indent}}`;
}

const LIMITS: Readonly<Record<string, (value: unknown) => string>> = {
  type: (value) => (value === 'integer' ? 'whole' : ''),
  format: (value) => String(value),
  pattern: (value) => `fits \`${String(value)}\``,
  minimum: (value) => `at least ${String(value)}`,
  maximum: (value) => `at most ${String(value)}`,
  minLength: (value) => (value === 1 ? 'not empty' : `${String(value)} characters or more`),
  maxLength: (value) => `at most ${String(value)} characters`,
  minItems: (value) => (value === 1 ? 'not empty' : `${String(value)} items or more`),
  maxItems: (value) => `at most ${String(value)} items`,
  default: (value) => `default ${JSON.stringify(value)}`,
};

export function limits(schema: object): string {
  const said = Object.entries(schema)
    .map(([keyword, value]) => LIMITS[keyword]?.(value) ?? '')
    .filter(Boolean);
  return said.length === 0 ? '' : `(${said.join(', ')})`;
}
