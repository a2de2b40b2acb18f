// docs/reference/contract.md: everything a plugin may import from the sdk. It is also the report of its public surface.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Event, Method, Service, Slot } from '@plinth/sdk';
import { type Commented, commentsIn } from './comments.ts';
import { type Declaration, declarationsOf } from './declarations.ts';
import { limits, type Name, schemaText } from './schema-text.ts';

const DEFINING = [
  'plugin',
  'route',
  'context',
  'service',
  'event',
  'point',
  'slot',
  'job',
  'channel',
  'collection',
  'actor',
  'manifest',
];

export async function contractReference(root: string): Promise<string> {
  const all = declarationsOf(root, 'sdk', ['index.ts', 'services/*.ts', 'slots/*.ts']);
  const defining = [...DEFINING.map((name) => `define/${name}`), 'problem', 'id'];
  const services = globSync('{services,slots}/*.ts', { cwd: join(root, 'sdk') }).sort();
  const sections = [
    INTRODUCTION,
    '## Defining a plugin',
    ...defining.map(
      (file) =>
        `### ${title(file)}\n\n${functionsFirst(all.get(file) ?? [])
          .map(declared)
          .join('\n\n')}`,
    ),
    '## Services and slots of the kernel',
  ];
  for (const file of services) {
    const module = (await import(pathToFileURL(join(root, 'sdk', file)).href)) as Record<string, unknown>;
    sections.push(serviceModule(file.slice(0, -'.ts'.length), module, all.get(file.slice(0, -'.ts'.length)) ?? []));
  }
  return `${sections.join('\n\n')}\n`;
}

const INTRODUCTION = `# The contract

Everything a plugin may use, as \`@plinth/sdk\` exports it. This page is made from the sources by
\`node scripts/reference.ts --write\`; \`npm run check\` fails when it is out of date, so a change of the public surface is
always seen in its diff.

- [Defining a plugin](#defining-a-plugin): \`import { definePlugin } from '@plinth/sdk'\`
- [Services and slots of the kernel](#services-and-slots-of-the-kernel): \`import { Ledger } from '@plinth/sdk/services/ledger.ts'\``;

const title = (file: string): string => file.slice(file.indexOf('/') + 1).replace(/^./, (first) => first.toUpperCase());

/** What is called stands before what it is called with. */
function functionsFirst(declarations: readonly Declaration[]): Declaration[] {
  return declarations.toSorted((a, b) => Number(isFunction(b)) - Number(isFunction(a)));
}

const isFunction = ({ text }: Declaration): boolean => text.startsWith('export declare function');

function declared({ name, comment, text }: Declaration): string {
  return [`#### \`${name}\``, prose(comment), fence(text.replace(/^export (declare )?/, ''))]
    .filter(Boolean)
    .join('\n\n');
}

/** TSDoc as Markdown: the words, and the example as code. */
function prose(comment: string): string {
  const [words = '', ...examples] = comment.split(/^@example/m).map((each) => each.trim());
  return [words, ...examples.map((example) => `Example:\n\n${fence(example)}`)].filter(Boolean).join('\n\n');
}

const fence = (code: string): string => `\`\`\`ts\n${code}\n\`\`\``;

function serviceModule(
  file: string,
  module: Readonly<Record<string, unknown>>,
  declarations: readonly Declaration[],
): string {
  const schemas = declarations.filter(({ name, text }) => isSchema(module[name]) && text.includes(' const '));
  const named = namesOf(schemas.map(({ name }) => [name, module[name]]));
  const parts: string[] = [`### ${title(file)}\n\n\`@plinth/sdk/${file}.ts\``];
  for (const { name, comment, text } of declarations) {
    const value = module[name];
    if (!text.includes(' const ')) continue;
    const head = (what: string) => `#### \`${name}\`: ${what}\n\n${prose(comment)}`.trimEnd();
    const comments = commentsIn(text);
    if (isKind<Service>(value, 'service')) {
      const of = comments.parts[0];
      const methods = Object.entries(value.methods).map(([method, definition]) =>
        methodText(method, definition, named, of?.fields.get(method)),
      );
      parts.push(head(`the service \`${value.id}\``), ...methods);
    } else if (isKind<Event>(value, 'event')) {
      parts.push(head(`the event \`${value.id}\``), fence(schemaText(value.payload, named, comments.parts[0])));
    } else if (isKind<Slot>(value, 'slot')) {
      parts.push(head(`the slot \`${value.id}\``), fence(schemaText(value.entry, named, comments.parts[0])));
    } else if (isSchema(value)) {
      const others: Name = (schema) => (schema === value ? undefined : named(schema));
      const type = fence(`type ${name} = ${schemaText(value, others, comments)};`);
      parts.push(head('a shape'), ...[limits(value)].filter(Boolean), type);
    }
  }
  return parts.join('\n\n');
}

/** A shape is known by being the same one; what was made optional is a copy, and known if it is too large to be mistaken. */
function namesOf(schemas: readonly [string, unknown][]): Name {
  const text = (schema: object) => ('properties' in schema || 'anyOf' in schema ? JSON.stringify(schema) : undefined);
  const same = new Map(schemas.map(([name, schema]) => [schema, name]));
  const alike = new Map(schemas.map(([name, schema]) => [text(schema as object), name]));
  alike.delete(undefined);
  return (schema) => same.get(schema) ?? alike.get(text(schema));
}

function methodText(
  name: string,
  { input, output, capability }: Method,
  named: Name,
  written: { readonly comment: string; readonly type: Commented } | undefined,
): string {
  const field = (which: string) => written?.type.fields.get(which)?.type;
  const signature = `${name}(input: ${schemaText(input, named, field('input'))}): Promise<${schemaText(output, named, field('output'))}>`;
  const needs = capability === undefined ? '' : ` Needs the capability \`${capability}\`.`;
  return `**${name}.** ${written?.comment.replaceAll(/\s+/g, ' ') ?? ''}${needs}`
    .replace(/\s+$/, '')
    .concat('\n\n', fence(signature));
}

const isKind = <T>(value: unknown, kind: string): value is T =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === kind;

const isSchema = (value: unknown): value is object =>
  typeof value === 'object' &&
  value !== null &&
  !('kind' in value) &&
  ('type' in value || 'anyOf' in value || 'enum' in value);
