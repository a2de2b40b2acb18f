import type { Call } from '@plinth/sdk';
import { Jobs, Run, RunPage, RunState } from '@plinth/sdk/services/jobs.ts';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import { kernelRoute, type Provided, provided } from '../room.ts';
import type { Directory, Which } from './directory.ts';

const PERMISSION = 'kernel.jobs';
const auth = { permission: PERMISSION };
const scope = 'jobs';
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const query = Type.Object({
  plugin: Type.Optional(Type.String()),
  job: Type.Optional(Type.String()),
  state: Type.Optional(RunState),
  after: Type.Optional(Type.String({ format: 'uuid' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
});

/** Runs for people: their own, or with the permission all of the site. `GET /jobs?state=failed` are the dead ones. */
export function jobRoutes(directory: Directory, changed: () => void) {
  return [
    kernelRoute(
      'GET /jobs',
      { auth, scope, summary: 'Runs of jobs, newest first', query, reply: RunPage },
      (call, request) => directory.list(call.tenant.id, request.query),
    ),
    kernelRoute(
      'GET /jobs/:runId',
      { auth: 'user', scope, summary: 'How a run stands', reply: Run },
      async (call, { params }) => found(await directory.find(call.tenant.id, visible(call, params.runId))),
    ),
    kernelRoute(
      'POST /jobs/:runId/cancel',
      { auth: 'user', scope, summary: 'Cancel a run', reply: Run },
      async (call, { params }) => {
        const run = found(await directory.cancel(call.tenant.id, visible(call, params.runId)));
        changed();
        return run;
      },
    ),
    kernelRoute(
      'POST /jobs/:runId/retry',
      { auth, scope, summary: 'Try a failed run again', reply: Run },
      async (call, { params }) => {
        const run = found(await directory.retry(call.tenant.id, visible(call, params.runId)));
        changed();
        return run;
      },
    ),
  ];
}

/** The same for plugins, each with its own runs only. */
export function jobsService(directory: Directory, changed: () => void): Provided {
  const own = (call: Call) => ({ plugin: call.caller ?? '' });
  return provided(Jobs, {
    status: async (call, { runId }) => found(await directory.find(call.tenant.id, { runId, ...own(call) })),
    cancel: async (call, { runId }) => {
      const run = found(await directory.cancel(call.tenant.id, { runId, ...own(call) }));
      changed();
      return run;
    },
    list: (call, which) => directory.list(call.tenant.id, { ...which, ...own(call) }),
  });
}

/** Who enqueued it sees it. To everybody else it does not exist. */
export function visible(call: Pick<Call, 'actor' | 'can'>, runId: string): Which & { runId: string } {
  if (!UUID.test(runId)) throw errors.not_found();
  if (call.can(PERMISSION)) return { runId };
  return { runId, accountId: call.actor.kind === 'person' ? call.actor.accountId : '' };
}

export function found(run: Run | undefined): Run {
  if (!run) throw errors.not_found({ detail: 'There is no such run.' });
  return run;
}
