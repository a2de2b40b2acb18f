import { type Static, Type } from 'typebox';
import { event } from '../define/event.ts';
import { service } from '../define/service.ts';
import { MediaFacts, MediaFile, Recipe } from './media-recipes.ts';
import { Visibility } from './storage.ts';

const Id = Type.String({ format: 'uuid' });

export const MediaState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type MediaState = Static<typeof MediaState>;

/** Why there is no result, in words for whoever uploaded the file. */
export const MediaError = Type.Object({
  code: Type.String(),
  title: Type.String(),
  detail: Type.Optional(Type.String()),
  fix: Type.Optional(Type.String()),
});
export type MediaError = Static<typeof MediaError>;

/** A file of a result is an object of the plugin that asked for it. */
export const StoredMediaFile = Type.Object({ ...MediaFile.properties, objectId: Id });
export type StoredMediaFile = Static<typeof StoredMediaFile>;

export const MediaResult = Type.Object({
  /** What it was made from. */
  source: MediaFacts,
  /** Without the parts that only playlists name: a long ladder has thousands. */
  files: Type.Array(StoredMediaFile),
  /** Of all files, the parts too. */
  bytes: Type.Integer(),
  /** What analysers found, by their names. One of more than 32 KiB is in its file only, `<name>.json`. */
  findings: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
});
export type MediaResult = Static<typeof MediaResult>;

/** How a transcoding or an analysis stands. */
export const MediaWork = Type.Object({
  mediaId: Id,
  accountId: Type.Optional(Id),
  what: Type.Union([Type.Literal('transcode'), Type.Literal('analyse')]),
  /** As it was submitted with: by it you know what this is about. */
  key: Type.Optional(Type.String()),
  state: MediaState,
  /** From 0 to 1. */
  progress: Type.Number(),
  secondsLeft: Type.Optional(Type.Number()),
  result: Type.Optional(MediaResult),
  error: Type.Optional(MediaError),
  createdAt: Type.String({ format: 'date-time' }),
  startedAt: Type.Optional(Type.String({ format: 'date-time' })),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type MediaWork = Static<typeof MediaWork>;

const about = {
  mediaId: Id,
  plugin: Type.String(),
  accountId: Type.Optional(Id),
  what: MediaWork.properties.what,
  key: MediaWork.properties.key,
};

/** It is done, and its files are there. Only the plugin that submitted it is told. */
export const MediaFinished = event('media.finished@1', Type.Object({ ...about, result: MediaResult }));

/** The lowest rung of a ladder (`lowestFirst`) can be played; the others follow. Only the plugin that submitted it is told. */
export const MediaPlayable = event('media.playable@1', Type.Object(about));

/** It failed or was cancelled, and nothing of it is left. Only the plugin that submitted it is told. */
export const MediaFailed = event(
  'media.failed@1',
  Type.Object({ ...about, state: Type.Union([Type.Literal('failed'), Type.Literal('cancelled')]), error: MediaError }),
);

const Which = Type.Object({ mediaId: Id });
/** A second call with the same key answers the first work, while that is not failed or cancelled. */
const Key = Type.Optional(Type.String({ maxLength: 120 }));

/**
 * Videos, sounds and pictures that people uploaded: what they are, and what is made of them. FFmpeg runs in a jail, as
 * uploads are hostile. Work waits for its turn, which goes around between sites and between the people of a site. Pages
 * watch it on the channel `kernel/media/<mediaId>`, if whoever looks submitted it.
 */
export const Media = service('media@1', {
  /** At once, for a file of at most 256 MiB. Of a larger one `analyse` tells the same. */
  probe: { input: Type.Object({ objectId: Id }), output: MediaFacts, capability: 'media:read' },
  /**
   * Makes files of one of the plugin's objects. Refused with `kernel.over_quota` when the person or the site has too
   * much on its way, or made too much today.
   */
  transcode: {
    input: Type.Object({
      objectId: Id,
      recipe: Recipe,
      /** Of the objects that are made. */
      purpose: Type.Optional(Type.String({ maxLength: 64 })),
      visibility: Type.Optional(Visibility),
      keepSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000 })),
      key: Key,
    }),
    output: MediaWork,
    capability: 'media:transcode',
  },
  /** Finds things out, all from one decoding: `audio.loudness`, `audio.beats`, `palette`, `motion`, `scenes`, `hash` … */
  analyse: {
    input: Type.Object({
      objectId: Id,
      analysers: Type.Array(Type.String({ maxLength: 80 }), { minItems: 1, maxItems: 20, uniqueItems: true }),
      purpose: Type.Optional(Type.String({ maxLength: 64 })),
      keepSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000 })),
      key: Key,
    }),
    output: MediaWork,
    capability: 'media:read',
  },
  /** Known for a week after it ended; its files stay. */
  status: { input: Which, output: MediaWork, capability: 'media:read' },
  /** What waits does not start any more; what runs stops within a second, and nothing is left of it. */
  cancel: { input: Which, output: MediaWork, capability: 'media:read' },
  /** The plugin's own, newest first. */
  list: {
    input: Type.Object({
      state: Type.Optional(MediaState),
      accountId: Type.Optional(Id),
      after: Type.Optional(Id),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: Type.Object({ items: Type.Array(MediaWork), next: Type.Optional(Id) }),
    capability: 'media:read',
  },
  /**
   * A link that anyone can follow until it expires, after at most `seconds` and at least half of them. It is the name of a
   * directory: what a playlist or `sprites.vtt` names beside itself is found under it too, and nothing else.
   */
  link: {
    input: Type.Object({
      mediaId: Id,
      /** One of the result's files. Default: the main one. */
      file: Type.Optional(Type.String({ maxLength: 100 })),
      seconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 604_800, default: 3600 })),
    }),
    output: Type.Object({ url: Type.String(), expiresAt: Type.String({ format: 'date-time' }) }),
    capability: 'media:read',
  },
  /** Deletes all files of a result. */
  remove: { input: Which, output: Type.Object({}), capability: 'media:transcode' },
});
