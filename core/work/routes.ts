// Heavy work for people: their own, or with the permission all of the site; and the channels on which it is watched.
import { type Call, channel } from '@plinth/sdk';
import { Type } from 'typebox';
import { allows } from '../plugins/call.ts';
import type { Registration } from '../realtime/channels.ts';
import { kernelRoute } from '../room.ts';
import type { Directory } from './directory.ts';
import { errors } from './errors.ts';
import { itemOf, type Work, WorkItem, WorkPage, WorkState } from './item.ts';

const PERMISSION = 'kernel.work';
const scope = 'work';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const Query = Type.Object({
  kind: Type.Optional(Type.String()),
  plugin: Type.Optional(Type.String()),
  state: Type.Optional(WorkState),
  after: Type.Optional(Type.String({ format: 'uuid' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

export function workRoutes(directory: Directory) {
  return [
    kernelRoute(
      'GET /work',
      { auth: 'user', scope, summary: 'Renders, transcodes and the like, newest first', query: Query, reply: WorkPage },
      async (call, { query }) => {
        const { items, ...more } = await directory.list(call.tenant.id, { ...query, ...whose(call) });
        return { items: items.map(listed), ...more };
      },
    ),
    kernelRoute(
      'GET /work/:workId',
      { auth: 'user', scope, summary: 'How it stands', reply: WorkItem },
      async (call, { params }) => itemOf(await directory.find(call.tenant.id, visible(call, params.workId))),
    ),
    kernelRoute(
      'POST /work/:workId/cancel',
      { auth: 'user', scope, summary: 'Cancel it', reply: WorkItem },
      async (call, { params }) => itemOf(await directory.cancel(call.tenant.id, visible(call, params.workId))),
    ),
  ];
}

const Told = Type.Object({
  state: WorkState,
  progress: Type.Number(),
  note: Type.Optional(Type.String()),
  fps: Type.Optional(Type.Number()),
  secondsLeft: Type.Optional(Type.Number()),
});

/** `kernel/renders/<workId>`: how far it is, for whoever may see it. A page that joins late is told how things stand. */
export function watchWork(directory: Directory, room: string): Registration {
  return {
    plugin: 'kernel',
    channel: channel(`${room}/:workId`, Told, { history: 1 }),
    auth: 'user',
    enabled: () => true,
    join: async ({ tenantId, actor, params }) => {
      const can = (permission: string) => allows(actor, permission);
      await directory.find(tenantId, { ...visible({ actor, can }, params.workId ?? ''), room });
    },
  };
}

/** Without its result, which may be as long as all that was found in a film: whoever wants that asks for the one. */
function listed(work: Work): WorkItem {
  const { result: _result, ...item } = itemOf(work);
  return item;
}

type Asker = Pick<Call, 'actor' | 'can'>;

/** Who submitted it sees it. To everybody else it does not exist. */
function visible(call: Asker, workId: string) {
  if (!UUID.test(workId)) throw errors.work_missing();
  return { workId, ...whose(call) };
}

function whose(call: Asker) {
  if (call.can(PERMISSION)) return {};
  // A route of people is asked by people.
  if (call.actor.kind !== 'person') throw errors.work_missing();
  return { accountId: call.actor.accountId };
}
