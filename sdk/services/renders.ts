import { type Static, Type } from 'typebox';
import { event } from '../define/event.ts';
import { service } from '../define/service.ts';

const Id = Type.String({ format: 'uuid' });
const MiB = 1_048_576;

/** An effect as its creator wrote it, and how it is to be played. */
export const RenderEffect = Type.Object({
  /** What it is called in errors; its ending says its language. */
  file: Type.String({ pattern: '^[\\w.-]{1,100}\\.(ts|js|py)$' }),
  text: Type.String({ maxLength: MiB }),
  params: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  /** Pictures by the params that name them: objects that the plugin put or adopted. */
  images: Type.Optional(Type.Record(Type.String(), Id, { maxProperties: 16 })),
  /** The same seed makes the same frames. */
  seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
  /** Who wrote it: what one person wrote may share a process, all else never does. */
  authorId: Type.Optional(Id),
  /** What the gallery calls it, and which version it is: both become part of the result's provenance. */
  id: Type.Optional(Type.String({ maxLength: 100 })),
  version: Type.Optional(Type.String({ maxLength: 100 })),
});
export type RenderEffect = Static<typeof RenderEffect>;

export const RenderState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type RenderState = Static<typeof RenderState>;

/** Why there is no result, in words for whoever can mend it. */
export const RenderError = Type.Object({
  code: Type.String(),
  title: Type.String(),
  detail: Type.Optional(Type.String()),
  fix: Type.Optional(Type.String()),
  /** In the creator's own file. */
  place: Type.Optional(
    Type.Object({
      file: Type.String(),
      line: Type.Optional(Type.Integer()),
      column: Type.Optional(Type.Integer()),
    }),
  ),
  /** The frame it failed at. */
  frame: Type.Optional(Type.Integer()),
});
export type RenderError = Static<typeof RenderError>;

/** What was made: a private object of the plugin that asked for it. */
export const RenderResult = Type.Object({
  objectId: Id,
  type: Type.String(),
  bytes: Type.Integer(),
  sha256: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  frames: Type.Integer(),
  fps: Type.Number(),
  seconds: Type.Number(),
  /** How the pictures were made, in a sentence. */
  why: Type.String(),
  /** Which effects, which clip, when: what is also written into the file. */
  provenance: Type.Unknown(),
  expiresAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type RenderResult = Static<typeof RenderResult>;

/** How a render stands. */
export const Render = Type.Object({
  renderId: Id,
  accountId: Type.Optional(Id),
  state: RenderState,
  /** From 0 to 1. */
  progress: Type.Number(),
  note: Type.Optional(Type.String()),
  /** Frames a second. */
  fps: Type.Optional(Type.Number()),
  secondsLeft: Type.Optional(Type.Number()),
  result: Type.Optional(RenderResult),
  error: Type.Optional(RenderError),
  createdAt: Type.String({ format: 'date-time' }),
  startedAt: Type.Optional(Type.String({ format: 'date-time' })),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type Render = Static<typeof Render>;

const ended = { renderId: Id, plugin: Type.String(), accountId: Type.Optional(Id) };

/** A render is done. Only the plugin that submitted it is told. */
export const RenderFinished = event('renders.finished@1', Type.Object({ ...ended, result: RenderResult }));

/** A render failed or was cancelled. Only the plugin that submitted it is told. */
export const RenderFailed = event(
  'renders.failed@1',
  Type.Object({ ...ended, state: Type.Union([Type.Literal('failed'), Type.Literal('cancelled')]), error: RenderError }),
);

const Which = Type.Object({ renderId: Id });
const Scene = Type.Record(Type.String(), Type.Unknown());
const Second = Type.Number({ minimum: 0, maximum: 3600 });

/**
 * Effects over clips. A render waits for its turn, which goes around between sites and between the people of a site, and
 * is done on any node. Pages watch it on the channel `kernel/renders/<renderId>`, if whoever looks submitted it.
 */
export const Renders = service('renders@1', {
  /** Refused with `kernel.over_quota` when the person or the site has too much on its way, or made too much today. */
  submit: {
    input: Type.Object({
      /** In order: each sees the picture that the one before it made. Their sources have 1 MiB together at most. */
      effects: Type.Array(RenderEffect, { minItems: 1, maxItems: 8 }),
      /** The clip: an object of the plugin that asks. */
      objectId: Id,
      /** Answers what the effects' inputs say of the clip: `audio.spectrum`, `captions`, `dataset.<name>`, … */
      data: Type.Optional(Scene),
      /** Of effects without one of their own. Default 1. */
      seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
      /** Seconds of the clip; all of it when absent. */
      from: Type.Optional(Second),
      to: Type.Optional(Second),
      /** A PNG of the frame at this second, instead of a video. */
      at: Type.Optional(Second),
      size: Type.Optional(
        Type.Object({
          width: Type.Integer({ minimum: 16, maximum: 8192 }),
          height: Type.Integer({ minimum: 16, maximum: 8192 }),
        }),
      ),
      /** Of the object that is made. */
      name: Type.Optional(Type.String({ maxLength: 255 })),
      purpose: Type.Optional(Type.String({ maxLength: 64 })),
      keepSeconds: Type.Optional(Type.Integer({ minimum: 60, maximum: 315_360_000 })),
      /** A second call with the same key answers the first render, while that is not failed or cancelled. */
      key: Type.Optional(Type.String({ maxLength: 120 })),
    }),
    output: Render,
    capability: 'renders:submit',
  },
  status: { input: Which, output: Render, capability: 'renders:read' },
  /** One that waits does not start any more; one that runs stops within a second, and nothing is left of it. */
  cancel: { input: Which, output: Render, capability: 'renders:submit' },
  /** The plugin's own, newest first. */
  list: {
    input: Type.Object({
      state: Type.Optional(RenderState),
      accountId: Type.Optional(Id),
      after: Type.Optional(Id),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: Type.Object({ items: Type.Array(Render), next: Type.Optional(Id) }),
    capability: 'renders:read',
  },
  /** Plays a second of an effect without a clip: what it is, what its params are, or where it fails. */
  check: {
    input: Type.Object({ effect: RenderEffect, data: Type.Optional(Scene) }),
    output: Type.Union([
      Type.Object({
        ok: Type.Literal(true),
        title: Type.String(),
        summary: Type.Optional(Type.String()),
        params: Type.Record(Type.String(), Type.Unknown()),
        inputs: Type.Array(Type.String()),
        /** Of 30 frames: those in which it draws, and those of which it touches the pixels. */
        drawnFrames: Type.Integer(),
        pixelFrames: Type.Integer(),
      }),
      Type.Object({ ok: Type.Literal(false), error: RenderError }),
    ]),
    capability: 'renders:submit',
  },
});
