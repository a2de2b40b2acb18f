import { type Static, Type } from 'typebox';
import { service } from '../define/service.ts';

const Slug = Type.String({ pattern: '^[a-z][a-z0-9-]{1,38}[a-z0-9]$', description: 'Becomes the sub-domain.' });

export const TenantRecord = Type.Object({
  id: Type.String({ format: 'uuid' }),
  slug: Slug,
  name: Type.String({ minLength: 1, maxLength: 120 }),
  locale: Type.String(),
  zone: Type.String({ description: 'IANA time zone.' }),
  platform: Type.Boolean(),
  state: Type.Union([Type.Literal('active'), Type.Literal('suspended'), Type.Literal('deleted')]),
});
export type TenantRecord = Static<typeof TenantRecord>;

export const TenantPlugin = Type.Object({
  plugin: Type.String(),
  title: Type.String(),
  summary: Type.String(),
  version: Type.String(),
  state: Type.Union([
    Type.Literal('available'),
    Type.Literal('enabled'),
    Type.Literal('disabled'),
    Type.Literal('exported'),
    Type.Literal('retained'),
  ]),
  /** What it may touch if switched on, and what this tenant has consented to. */
  wanted: Type.Array(Type.String()),
  granted: Type.Array(Type.String()),
  settings: Type.Unknown(),
  settingsSchema: Type.Optional(Type.Unknown()),
});
export type TenantPlugin = Static<typeof TenantPlugin>;

const Empty = Type.Object({});
const capability = 'tenancy:admin';

/** Tenants, their addresses and their switchboard. `create` and `list` are for the platform's operators. */
export const Tenancy = service('tenancy@1', {
  get: { input: Empty, output: TenantRecord },
  list: { input: Empty, output: Type.Object({ items: Type.Array(TenantRecord) }), capability },
  create: {
    input: Type.Object({
      slug: Slug,
      name: Type.String({ minLength: 1, maxLength: 120 }),
      locale: Type.Optional(Type.String()),
      zone: Type.Optional(Type.String()),
      owner: Type.Object({
        email: Type.String({ format: 'email', maxLength: 254 }),
        password: Type.String({ maxLength: 256 }),
        displayName: Type.String({ minLength: 1, maxLength: 80 }),
      }),
    }),
    output: TenantRecord,
    capability,
  },
  rename: {
    input: Type.Object({
      name: Type.Optional(Type.String({ minLength: 1, maxLength: 120 })),
      locale: Type.Optional(Type.String()),
      zone: Type.Optional(Type.String()),
    }),
    output: TenantRecord,
    capability,
  },
  hosts: { input: Empty, output: Type.Object({ items: Type.Array(Type.Object({ host: Type.String() })) }) },
  addHost: { input: Type.Object({ host: Type.String({ maxLength: 253 }) }), output: Empty, capability },
  removeHost: { input: Type.Object({ host: Type.String({ maxLength: 253 }) }), output: Empty, capability },
  plugins: { input: Empty, output: Type.Object({ items: Type.Array(TenantPlugin) }) },
  enable: {
    input: Type.Object({ plugin: Type.String(), capabilities: Type.Array(Type.String()) }),
    output: Empty,
    capability,
  },
  disable: { input: Type.Object({ plugin: Type.String() }), output: Empty, capability },
  configure: { input: Type.Object({ plugin: Type.String(), settings: Type.Unknown() }), output: Empty, capability },
});
