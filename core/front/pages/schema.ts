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
    ...(items && !isList(items) && isNested(items) ? fieldsOf(items) : []),
  ];
}

const isNested = (schema: Schema): boolean => fieldsOf(schema).length > 0;
const isList = (items: Schema['items']): items is readonly Schema[] => Array.isArray(items);
const choicesOf = (schema: Schema) => schema.anyOf ?? schema.oneOf;

function facts(schema: Schema): Html {
  const rules = Object.entries(RULES).flatMap(([name, say]) => (schema[name] === undefined ? [] : say(schema[name])));
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

const RULES: Readonly<Record<string, (value: unknown) => string | []>> = {
  minLength: (least) => `${least} characters or more`,
  maxLength: (most) => `${most} characters at most`,
  minimum: (least) => `≥ ${least}`,
  maximum: (most) => (most === Number.MAX_SAFE_INTEGER ? [] : `≤ ${most}`),
  exclusiveMinimum: (least) => `> ${least}`,
  exclusiveMaximum: (most) => `< ${most}`,
  multipleOf: (step) => `a multiple of ${step}`,
  minItems: (least) => `${least} or more`,
  maxItems: (most) => `${most} at most`,
  uniqueItems: () => 'no two alike',
  pattern: (pattern) => `matches ${pattern}`,
  default: (value) => `${JSON.stringify(value)} when absent`,
};
