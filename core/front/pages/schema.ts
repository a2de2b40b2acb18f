import { type Html, html } from '../../html.ts';

/** As much of JSON Schema as TypeBox writes. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema | readonly Schema[];
  readonly prefixItems?: readonly Schema[];
  readonly format?: string;
  readonly title?: string;
  readonly description?: string;
  readonly $ref?: string;
  readonly [rule: string]: unknown;
}

/** The fields of a schema as a list that people can read. */
export function schemaView(schema: Schema): Html {
  const inside = childrenOf(schema, 0);
  const fields = schema.type === 'object' && inside !== undefined;
  return html`<div class="schema">${fields ? undefined : html`<p>${facts(schema)}</p>`}${inside}</div>`;
}

/** Deeper than this, a schema is a tree for machines. */
const DEEPEST = 8;

function childrenOf(schema: Schema, depth: number): Html | undefined {
  const fields = fieldsOf(schema);
  if (fields.length === 0 || depth > DEEPEST) return undefined;
  const rows = fields.map(
    ({ name, need, schema: field }) =>
      html`<li><code class="name">${name}</code> ${need ? html`<span class="need">${need}</span> ` : undefined}${facts(field)}${childrenOf(field, depth + 1)}</li>`,
  );
  return html`<ul class="fields">${rows}</ul>`;
}

interface Field {
  readonly name: string;
  readonly need?: string;
  readonly schema: Schema;
}

function fieldsOf(schema: Schema): Field[] {
  const { properties = {}, required = [], patternProperties = {}, additionalProperties, items, prefixItems } = schema;
  const choices = choicesOf(schema)?.filter(isNested) ?? [];
  const places = prefixItems ?? (isList(items) ? items : []);
  return [
    ...Object.entries(properties).map(([name, field]) => ({
      name,
      need: required.includes(name) ? 'required' : 'optional',
      schema: field,
    })),
    ...Object.values(patternProperties).map((field) => ({ name: 'any name', schema: field })),
    ...(typeof additionalProperties === 'object' ? [{ name: 'any name', schema: additionalProperties }] : []),
    ...(schema.allOf ?? []).flatMap(fieldsOf),
    ...choices.map((choice, at) => ({ name: at === 0 ? 'either' : 'or', schema: choice })),
    ...places.map((place, at) => ({ name: `${at}`, schema: place })),
    ...(items && !isList(items) ? fieldsOf(items) : []),
  ];
}

const isNested = (schema: Schema): boolean => fieldsOf(schema).length > 0;
const isList = (items: Schema['items']): items is readonly Schema[] => Array.isArray(items);
const choicesOf = (schema: Schema) => schema.anyOf ?? schema.oneOf;

function facts(schema: Schema): Html {
  const rules = rulesOf(schema);
  const words = schema.description ?? schema.title;
  return html`<span class="type">${typeOf(schema)}</span>${rules.length > 0 ? html` <span class="rules">${rules.join(', ')}</span>` : undefined}${words ? html` <span class="about">${words}</span>` : undefined}`;
}

function typeOf(schema: Schema): string {
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const choices = choicesOf(schema);
  if (choices) return [...new Set(choices.map(typeOf))].join(' | ');
  if (schema.allOf) return 'object';
  if (schema.$ref) return schema.$ref.replace(/.*\//, '');
  if (schema.type === 'array') return isList(schema.items) ? 'list' : `list of ${typeOf(schema.items ?? {})}`;
  const type = [schema.type ?? 'anything'].flat().join(' | ');
  return schema.format ? `${type} (${schema.format})` : type;
}

function rulesOf(schema: Schema): string[] {
  const { exclusiveMinimum, exclusiveMaximum, multipleOf, uniqueItems, pattern, items } = schema;
  return [
    ...RANGES.map(([least, most, unit]) => between(schema[least], schema[most], unit)),
    exclusiveMinimum === undefined ? '' : `more than ${exclusiveMinimum}`,
    exclusiveMaximum === undefined ? '' : `less than ${exclusiveMaximum}`,
    multipleOf === undefined ? '' : `a multiple of ${multipleOf}`,
    uniqueItems ? 'no two alike' : '',
    pattern === undefined ? '' : `matches ${pattern}`,
    schema.default === undefined ? '' : `${JSON.stringify(schema.default)} when absent`,
    ...(items && !isList(items) ? rulesOf(items).map((rule) => `each ${rule}`) : []),
  ].filter(Boolean);
}

const RANGES = [
  ['minLength', 'maxLength', ' characters'],
  ['minItems', 'maxItems', ' items'],
  ['minimum', 'maximum', ''],
] as const;

function between(least: unknown, most: unknown, unit: string): string {
  const bounded = most !== undefined && most !== Number.MAX_SAFE_INTEGER;
  if (least === undefined) return bounded ? `at most ${most}${unit}` : '';
  return bounded ? `${least} to ${most}${unit}` : `at least ${least}${unit}`;
}
