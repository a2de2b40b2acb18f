import { type Static, Type } from 'typebox';
import { service } from '../define/service.ts';

export const AuditEntry = Type.Object({
  id: Type.String({ format: 'uuid' }),
  at: Type.String({ format: 'date-time' }),
  actorKind: Type.String(),
  actorId: Type.Optional(Type.String({ format: 'uuid' })),
  action: Type.String(),
  subject: Type.String(),
  detail: Type.Record(Type.String(), Type.Unknown()),
  /** Where it came from: the network, never the address. */
  network: Type.String(),
  requestId: Type.String(),
});
export type AuditEntry = Static<typeof AuditEntry>;

/** A log that is only ever added to. It cannot forget, so it takes ids and no personal data. */
export const Audit = service('audit@1', {
  /** The plugin's id is put before the action: `refunded` by tip-jar becomes `tip-jar.refunded`. */
  write: {
    input: Type.Object({
      action: Type.String({ pattern: '^[a-z][a-z0-9-]{0,79}$' }),
      subject: Type.String({ maxLength: 200 }),
      detail: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    }),
    output: Type.Object({}),
    capability: 'audit:write',
  },
  list: {
    input: Type.Object({
      action: Type.Optional(Type.String()),
      subject: Type.Optional(Type.String()),
      actorId: Type.Optional(Type.String({ format: 'uuid' })),
      after: Type.Optional(Type.String({ format: 'uuid' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: Type.Object({ items: Type.Array(AuditEntry), next: Type.Optional(Type.String()) }),
    capability: 'audit:read',
  },
});
