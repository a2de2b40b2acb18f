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
    /** Off, because its new version wants more than was granted: `enable` it again. */
    Type.Literal('needs-consent'),
    Type.Literal('disabled'),
    Type.Literal('exported'),
    Type.Literal('retained'),
  ]),
  /** What it may touch if switched on, and what this tenant has consented to. */
  wanted: Type.Array(Type.String()),
  granted: Type.Array(Type.String()),
  /** When its data will be dropped. */
  retainedUntil: Type.Optional(Type.String({ format: 'date-time' })),
  settings: Type.Unknown(),
  settingsSchema: Type.Optional(Type.Unknown()),
});
export type TenantPlugin = Static<typeof TenantPlugin>;

/** A plugin to switch on, and everything it may touch: less than it wants is refused. */
const Consent = Type.Object({ plugin: Type.String(), capabilities: Type.Array(Type.String()) });

/** Everything that a plugin keeps of a tenant, as lines of JSON, behind a link that anyone can follow until it ends. */
export const PluginExport = Type.Object({
  objectId: Type.String({ format: 'uuid' }),
  url: Type.String(),
  bytes: Type.Integer(),
  expiresAt: Type.String({ format: 'date-time' }),
});
export type PluginExport = Static<typeof PluginExport>;

/** When a plugin's data is dropped, unless it is switched on again before. */
export const Retention = Type.Object({ until: Type.String({ format: 'date-time' }) });

/** An address of a site. The site answers to it once it is verified; the record in DNS is what shows whose it is. */
export const HostClaim = Type.Object({
  host: Type.String(),
  verified: Type.Boolean(),
  /** To be set by the owner of the domain, as long as the address is not verified. */
  record: Type.Optional(Type.Object({ name: Type.String(), type: Type.Literal('TXT'), value: Type.String() })),
});
export type HostClaim = Static<typeof HostClaim>;

const Empty = Type.Object({});
const capability = 'tenancy:admin';

/** The tenant that asks, its addresses and its switchboard. `list` and `create` are for the platform's operators. */
export const Tenancy = service('tenancy@1', {
  get: { input: Empty, output: TenantRecord },
  /** By slug. */
  list: {
    input: Type.Object({
      after: Type.Optional(Type.String({ maxLength: 100 })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: Type.Object({ items: Type.Array(TenantRecord), next: Type.Optional(Type.String()) }),
    capability,
  },
  /** All of it, or nothing. */
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
      /** Switched on from the start. */
      plugins: Type.Optional(Type.Array(Consent, { maxItems: 100 })),
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
  /** Its own sub-domain first. */
  hosts: { input: Empty, output: Type.Object({ items: Type.Array(HostClaim) }) },
  addHost: { input: Type.Object({ host: Type.String({ maxLength: 253 }) }), output: Empty, capability },
  /** Looks for the record of an address that was added. */
  verifyHost: { input: Type.Object({ host: Type.String({ maxLength: 253 }) }), output: Empty, capability },
  removeHost: { input: Type.Object({ host: Type.String({ maxLength: 253 }) }), output: Empty, capability },
  /** With their settings, which may hold secrets. */
  plugins: { input: Empty, output: Type.Object({ items: Type.Array(TenantPlugin) }), capability },
  enable: { input: Consent, output: Empty, capability },
  disable: { input: Type.Object({ plugin: Type.String() }), output: Empty, capability },
  /** Of a plugin that is switched off. */
  export: { input: Type.Object({ plugin: Type.String() }), output: PluginExport, capability },
  /** Keeps the data of a plugin that is switched off for so many days more, 30 if not said, and then drops it. */
  retain: {
    input: Type.Object({
      plugin: Type.String(),
      days: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
    }),
    output: Retention,
    capability,
  },
  configure: { input: Type.Object({ plugin: Type.String(), settings: Type.Unknown() }), output: Empty, capability },
});
