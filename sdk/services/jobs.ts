import { type Static, Type } from 'typebox';
import { service } from '../define/service.ts';

export const RunState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type RunState = Static<typeof RunState>;

/** How one run of a job stands. */
export const Run = Type.Object({
  runId: Type.String({ format: 'uuid' }),
  plugin: Type.String(),
  job: Type.String(),
  state: RunState,
  attempts: Type.Integer(),
  /** From 0 to 1. */
  progress: Type.Number(),
  note: Type.Optional(Type.String()),
  /** Why the last attempt failed. */
  error: Type.Optional(Type.String()),
  /** When it starts, or starts again; absent when it waits for its plugin to be switched on. */
  runAt: Type.Optional(Type.String({ format: 'date-time' })),
  createdAt: Type.String({ format: 'date-time' }),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type Run = Static<typeof Run>;

export const RunPage = Type.Object({ items: Type.Array(Run), next: Type.Optional(Type.String({ format: 'uuid' })) });
export type RunPage = Static<typeof RunPage>;

const Which = Type.Object({ runId: Type.String({ format: 'uuid' }) });

/**
 * The runs of the caller's own jobs. They are enqueued through `ctx.enqueue`, in the caller's transaction.
 *
 * A run starts at least once: an effect that must not happen twice belongs into `ctx.step`.
 */
export const Jobs = service('jobs@1', {
  status: { input: Which, output: Run },
  /** A run that waits does not start any more; one that runs is asked to stop, and its finished steps are undone. */
  cancel: { input: Which, output: Run },
  /** Newest first. */
  list: {
    input: Type.Object({
      job: Type.Optional(Type.String()),
      state: Type.Optional(RunState),
      after: Type.Optional(Type.String({ format: 'uuid' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    }),
    output: RunPage,
  },
});
