import { type Call, channel } from '@plinth/sdk';
import { Jobs, Run, RunPage, RunState } from '@plinth/sdk/services/jobs.ts';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import { allows } from '../plugins/call.ts';
import type { Registration } from '../realtime/channels.ts';
import { kernelRoute, type Provided, provided } from '../room.ts';
import { type Directory, RunQuery } from './directory.ts';

const PERMISSION = 'kernel.jobs';
const auth = { permission: PERMISSION };
const scope = 'jobs';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Runs for people: their own, or with the permission all of the site. `GET /jobs?state=failed` are the dead ones. */
export function jobRoutes(directory: Directory) {
  return [
    kernelRoute(
      'GET /jobs',
      { auth, scope, summary: 'Runs of jobs, newest first', query: RunQuery, reply: RunPage },
      (call, request) => directory.list(call.tenant.id, request.query),
    ),
    kernelRoute(
      'GET /jobs/:runId',
      { auth: 'user', scope, summary: 'How a run stands', reply: Run },
      async (call, { params }) => directory.find(call.tenant.id, visible(call, params.runId)),
    ),
    kernelRoute(
      'POST /jobs/:runId/cancel',
      { auth: 'user', scope, summary: 'Cancel a run', reply: Run },
      async (call, { params }) => directory.cancel(call.tenant.id, visible(call, params.runId)),
    ),
    kernelRoute(
      'POST /jobs/:runId/retry',
      { auth, scope, summary: 'Try a failed run again', reply: Run },
      async (call, { params }) => directory.retry(call.tenant.id, visible(call, params.runId)),
    ),
  ];
}

/** The same for plugins, each with its own runs only. */
export function jobsService(directory: Directory): Provided {
  const own = (call: Call) => ({ plugin: call.caller ?? '' });
  return provided(Jobs, {
    status: (call, { runId }) => directory.find(call.tenant.id, { runId, ...own(call) }),
    cancel: (call, { runId }) => directory.cancel(call.tenant.id, { runId, ...own(call) }),
    list: (call, which) => directory.list(call.tenant.id, { ...which, ...own(call) }),
  });
}

/** `kernel/jobs/<runId>`: how far a run is, for whoever may see it. */
const PROGRESS = channel(
  'jobs/:runId',
  Type.Object({ state: RunState, progress: Type.Optional(Type.Number()), note: Type.Optional(Type.String()) }),
  // A page that joins late is told how things stand.
  { history: 1 },
);

export function watchRuns(directory: Directory): Registration {
  return {
    plugin: 'kernel',
    channel: PROGRESS,
    auth: 'user',
    enabled: () => true,
    join: async ({ tenantId, actor, params }) => {
      const can = (permission: string) => allows(actor, permission);
      await directory.find(tenantId, visible({ actor, can }, params.runId ?? ''));
    },
  };
}

/** Who enqueued it sees it. To everybody else it does not exist. */
function visible(call: Pick<Call, 'actor' | 'can'>, runId: string) {
  if (!UUID.test(runId)) throw errors.not_found();
  if (call.can(PERMISSION)) return { runId };
  return { runId, accountId: call.actor.kind === 'person' ? call.actor.accountId : '' };
}
