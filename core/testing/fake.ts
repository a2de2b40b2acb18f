/** The smallest value that fits a schema: what a stand-in service answers when a test does not care. */
export function fakeOf(schema: object): unknown {
  const {
    type,
    properties,
    required,
    anyOf,
    enum: values,
    items,
    minItems,
    minimum,
    format,
    minLength,
    ...rest
  } = schema as Shape;
  if ('const' in rest) return rest.const;
  if ('default' in rest) return rest.default;
  if (values) return values[0];
  if (anyOf?.[0]) return fakeOf(anyOf[0]);
  switch (type) {
    case 'object':
      return Object.fromEntries((required ?? []).map((name) => [name, fakeOf(properties?.[name] ?? {})]));
    case 'array':
      return Array.from({ length: minItems ?? 0 }, () => fakeOf(items ?? {}));
    case 'string':
      return FORMATS[format ?? ''] ?? 'x'.repeat(minLength ?? 0);
    case 'integer':
    case 'number':
      return minimum ?? 0;
    case 'boolean':
      return false;
    default:
      return {};
  }
}

interface Shape {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, object>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly object[];
  readonly enum?: readonly unknown[];
  readonly items?: object;
  readonly minItems?: number;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly format?: string;
  readonly const?: unknown;
  readonly default?: unknown;
}

const FORMATS: Readonly<Record<string, string>> = {
  uuid: '01890000-0000-7000-8000-000000000000',
  'date-time': '2030-01-01T00:00:00Z',
  email: 'somebody@example.org',
  uri: 'https://example.org/',
};
