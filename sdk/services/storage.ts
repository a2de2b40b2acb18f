import { type Static, Type } from 'typebox';
import { event } from '../define/event.ts';
import { service } from '../define/service.ts';

const Id = Type.String({ format: 'uuid' });

/** Who may read an object without a signed link: its owner only, everyone signed in, or everyone. */
export const Visibility = Type.Union([Type.Literal('private'), Type.Literal('tenant'), Type.Literal('public')]);
export type Visibility = Static<typeof Visibility>;

/** What code may say its text is. Every other type is found out from the bytes, whatever anybody claims. */
export const TextType = Type.Union([
  Type.Literal('text/plain'),
  Type.Literal('text/csv'),
  Type.Literal('text/vtt'),
  Type.Literal('application/json'),
  Type.Literal('application/vnd.apple.mpegurl'),
]);
export type TextType = Static<typeof TextType>;

/** An object: bytes that never change, under an id. */
export const StoredObject = Type.Object({
  id: Id,
  /** Empty for what a person uploaded before any plugin took it. */
  plugin: Type.String(),
  accountId: Type.Optional(Id),
  /** What the plugin keeps it for, in the plugin's words. */
  purpose: Type.String(),
  /** As the person called it. Only ever shown, never a path. */
  name: Type.String(),
  visibility: Visibility,
  bytes: Type.Integer(),
  /** Found in the bytes; `application/octet-stream` when they do not tell. */
  type: Type.String(),
  sha256: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type StoredObject = Static<typeof StoredObject>;

/** Somebody's upload is complete and its object is there. */
export const UploadFinished = event(
  'storage.upload-finished@1',
  Type.Object({
    objectId: Id,
    accountId: Id,
    plugin: Type.String(),
    purpose: Type.String(),
    bytes: Type.Integer(),
    type: Type.String(),
    sha256: Type.String(),
  }),
);

const describing = {
  purpose: Type.Optional(Type.String({ maxLength: 64 })),
  name: Type.Optional(Type.String({ maxLength: 255 })),
  visibility: Type.Optional(Visibility),
  /** Removes itself after this many seconds. */
  keepSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000 })),
};
const ThisObject = Type.Object({ objectId: Id });
const MiB = 1_048_576;

/** Files. A plugin sees the ones it put or took, in this tenant. Large ones come from pages, by `createUpload`. */
export const Storage = service('storage@1', {
  put: {
    input: Type.Object({
      content: Type.Union([
        Type.Object({ text: Type.String({ maxLength: MiB }), type: Type.Optional(TextType) }),
        Type.Object({ base64: Type.String({ maxLength: Math.ceil(MiB / 3) * 4, pattern: '^[A-Za-z0-9+/]*={0,2}$' }) }),
      ]),
      ...describing,
    }),
    output: StoredObject,
    capability: 'storage:write',
  },
  /** An object of at most 1 MiB; larger ones are read through `signUrl`. */
  read: { input: ThisObject, output: Type.Object({ base64: Type.String() }), capability: 'storage:read' },
  stat: { input: ThisObject, output: StoredObject, capability: 'storage:read' },
  list: {
    input: Type.Object({
      purpose: Type.Optional(Type.String()),
      accountId: Type.Optional(Id),
      after: Type.Optional(Id),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: Type.Object({ items: Type.Array(StoredObject), next: Type.Optional(Id) }),
    capability: 'storage:read',
  },
  /** A link that anyone can follow until it expires: after at most `seconds`, and at least half of them. */
  signUrl: {
    input: Type.Object({
      objectId: Id,
      seconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 604_800, default: 3600 })),
      disposition: Type.Optional(Type.Union([Type.Literal('inline'), Type.Literal('attachment')])),
    }),
    output: Type.Object({ url: Type.String(), expiresAt: Type.String({ format: 'date-time' }) }),
    capability: 'storage:read',
  },
  /** A place for the person who asks to upload one file to, with any tus client: give it `url` as the upload's URL. */
  createUpload: {
    input: Type.Object({
      bytes: Type.Integer({ minimum: 0 }),
      /** When given, other bytes are refused. */
      sha256: Type.Optional(Type.String({ pattern: '^[0-9a-f]{64}$' })),
      ...describing,
    }),
    output: Type.Object({ objectId: Id, url: Type.String(), expiresAt: Type.String({ format: 'date-time' }) }),
    capability: 'storage:write',
  },
  /** Takes a file that the person who asks uploaded before any plugin had to do with it. It then stays for good. */
  adopt: {
    input: Type.Object({ objectId: Id, purpose: Type.Optional(Type.String({ maxLength: 64 })) }),
    output: StoredObject,
    capability: 'storage:write',
  },
  grant: {
    input: Type.Object({ objectId: Id, visibility: Visibility }),
    output: StoredObject,
    capability: 'storage:write',
  },
  delete: { input: ThisObject, output: Type.Object({}), capability: 'storage:write' },
});
