import { channel } from '@plinth/sdk';
import { RunState } from '@plinth/sdk/services/jobs.ts';
import { Type } from 'typebox';
import { allows } from '../plugins/call.ts';
import type { Registration } from '../realtime/channels.ts';
import type { Directory } from './directory.ts';
import { found, visible } from './routes.ts';

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
      found(await directory.find(tenantId, visible({ actor, can }, params.runId ?? '')));
    },
  };
}
