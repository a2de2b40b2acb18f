// One piece of heavy work as a row, and as it is told.
import { Problem } from '@plinth/sdk';
import { type Static, Type } from 'typebox';
import { errors } from '../errors.ts';
import { reasonOf } from '../events/failure.ts';

export const WorkState = Type.Union([
  Type.Literal('waiting'),
  Type.Literal('running'),
  Type.Literal('done'),
  Type.Literal('failed'),
  Type.Literal('cancelled'),
]);
export type WorkState = Static<typeof WorkState>;

/** Why it failed, in the words of whoever can mend it. */
export const WorkError = Type.Object({
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
export type WorkError = Static<typeof WorkError>;

/** How a piece of work stands. */
export const WorkItem = Type.Object({
  workId: Type.String({ format: 'uuid' }),
  kind: Type.String(),
  plugin: Type.String(),
  accountId: Type.Optional(Type.String({ format: 'uuid' })),
  state: WorkState,
  attempts: Type.Integer(),
  /** From 0 to 1. */
  progress: Type.Number(),
  note: Type.Optional(Type.String()),
  /** Frames a second. */
  fps: Type.Optional(Type.Number()),
  secondsLeft: Type.Optional(Type.Number()),
  error: Type.Optional(WorkError),
  result: Type.Optional(Type.Unknown()),
  createdAt: Type.String({ format: 'date-time' }),
  startedAt: Type.Optional(Type.String({ format: 'date-time' })),
  finishedAt: Type.Optional(Type.String({ format: 'date-time' })),
});
export type WorkItem = Static<typeof WorkItem>;

export const WorkPage = Type.Object({
  items: Type.Array(WorkItem),
  next: Type.Optional(Type.String({ format: 'uuid' })),
});
export type WorkPage = Static<typeof WorkPage>;

/** A piece of work of a tenant, for the rooms. */
export interface Work extends WorkItem {
  readonly tenantId: string;
  readonly requestId: string;
  /** Whoever submitted it knows it by this. */
  readonly key?: string;
}

export const COLUMNS = `tenant_id as "tenantId", id as "workId", kind, plugin, account_id as "accountId", state,
  attempts - forgiven as attempts, progress, note, fps, seconds_left as "secondsLeft", error, result, key,
  request_id as "requestId", created_at as "createdAt", started_at as "startedAt", finished_at as "finishedAt"`;

/** A row as it is told: times as text, and nothing where there is null. */
export const workOf = (row: object): Work => JSON.parse(JSON.stringify(row), (_key, value) => value ?? undefined);

/** The same without what is the kernel's own. */
export function itemOf({ tenantId: _tenant, requestId: _request, key: _key, ...item }: Work): WorkItem {
  return item;
}

export const isOver = ({ state }: Pick<Work, 'state'>): boolean => state !== 'waiting' && state !== 'running';

/** How each fact about it begins: what follows from one is done in the name of whoever submitted it, too. */
export const factAbout = ({ tenantId, requestId, accountId }: Pick<Work, 'tenantId' | 'requestId' | 'accountId'>) => ({
  ...{ tenantId, requestId },
  ...(accountId === undefined ? {} : { actor: { kind: 'person', accountId } as const }),
});

/** As JSON that PostgreSQL takes into a jsonb, whatever a stranger's code called its params: zero bytes are no text to it. */
export const storable = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) => {
    if (typeof each === 'string') return shown(each);
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).map(([name, inner]) => [shown(name), inner]));
  });

const shown = (text: string): string => text.replaceAll('\0', '').toWellFormed();

export const roomOf = (kind: string): string => kind.split('.', 1)[0] ?? kind;

/** An error that others were told, told on. */
export const problemOf = ({ code, title, detail, fix, place, frame }: WorkError): Problem =>
  new Problem(
    code,
    { status: 422, title, ...(fix === undefined ? {} : { fix }) },
    {
      ...(detail === undefined ? {} : { detail }),
      ...(place && { error: place }),
      ...(frame === undefined ? {} : { frame }),
    },
  );

/** What is kept of an error. What is nobody's but ours is in the log, not here. */
export function workErrorOf(thrown: unknown): WorkError {
  const { code, title, detail, fix, extensions } = thrown instanceof Problem ? thrown : errors.internal();
  const { error, frame } = extensions as { error?: Partial<WorkError['place'] & object>; frame?: unknown };
  const { file, line, column } = error ?? {};
  const place = file === undefined ? undefined : { file, ...(line && { line }), ...(column && { column }) };
  return {
    ...{ code, title },
    ...(detail === undefined ? {} : { detail: reasonOf(detail) }),
    ...(fix === undefined ? {} : { fix }),
    ...(place && { place }),
    ...(Number.isInteger(frame) ? { frame: Number(frame) } : {}),
  };
}
