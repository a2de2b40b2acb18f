// `renders@1`: effects over clips, for plugins. The queue says when, the sandbox how; here they meet storage and events.

import { CLIP_BYTES, SOURCE_BYTES } from '@plinth/sandbox/limits.ts';
import type { Call } from '@plinth/sdk';
import { type Render, RenderFailed, RenderFinished, type RenderResult, Renders } from '@plinth/sdk/services/renders.ts';
import type pg from 'pg';
import { errors as kernel } from '../errors.ts';
import { writeOutbox } from '../events/outbox.ts';
import { type Provided, provided, type Room } from '../room.ts';
import type { StorageApi } from '../storage/storage.ts';
import { factAbout, type Work } from '../work/item.ts';
import type { WorkApi } from '../work/work.ts';
import { checkDesk } from './check.ts';
import { errors } from './errors.ts';
import type { PerformDeps, Spec } from './material.ts';
import { clearParts, PART, type PartResult, type PartSpec, performPart } from './parts.ts';
import { perform } from './perform.ts';

export interface RendersDeps extends Omit<PerformDeps, 'storage'> {
  readonly work: WorkApi;
  readonly storage: StorageApi;
}

const RENDER = 'renders.render';

export function createRenders({ work, ...deps }: RendersDeps): Room {
  const { storage } = deps;
  work.define<Spec, RenderResult>({
    kind: RENDER,
    run: (asked, bench) => perform(deps, asked, bench),
    ended: (client, ended) => settle(client, storage, ended),
    over: async (ended) => clearParts(storage, ended.tenantId, await work.partsOf(ended)),
    discard: ({ tenantId }, { objectId }) => storage.delete(tenantId, objectId),
  });
  work.define<PartSpec, PartResult>({
    kind: PART,
    run: (part, bench) => performPart(deps, part, bench),
    discard: ({ tenantId }, { objectId }) => storage.delete(tenantId, objectId),
  });
  return { name: 'renders', provides: [rendersService({ work, storage })] };
}

/** In one commit: it is done, its object stays, and everybody is told. */
async function settle(client: pg.ClientBase, storage: StorageApi, ended: Work): Promise<void> {
  const { tenantId, workId: renderId, plugin, accountId, state, error } = ended;
  const who = { renderId, plugin, ...(accountId === undefined ? {} : { accountId }) };
  if (state === 'done') {
    const result = ended.result as RenderResult;
    await storage.keep(client, tenantId, [result.objectId], result.expiresAt);
    await writeOutbox(client, [{ ...factAbout(ended), event: RenderFinished.id, payload: { ...who, result } }]);
  } else
    await writeOutbox(client, [{ ...factAbout(ended), event: RenderFailed.id, payload: { ...who, state, error } }]);
}

function rendersService({ work, storage }: Pick<RendersDeps, 'work' | 'storage'>): Provided {
  const check = checkDesk();
  const own = (call: Call) => ({ plugin: pluginOf(call), room: 'renders' });

  return provided(Renders, {
    async submit(call, { key, ...spec }) {
      const plugin = pluginOf(call);
      const bytes = spec.effects.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
      if (bytes > SOURCE_BYTES)
        throw kernel.too_large({ detail: `The effects have ${bytes} bytes; ${SOURCE_BYTES} are the limit.` });
      const clip = await storage.stat(call.tenant.id, spec.objectId);
      if (clip?.plugin !== plugin) throw errors.clip_missing();
      if (clip.bytes > CLIP_BYTES)
        throw kernel.too_large({ detail: `The clip has ${clip.bytes} bytes; ${CLIP_BYTES} are the limit.` });
      const { requestId } = call;
      const asked = { kind: RENDER, plugin, accountId: behind(call), spec, key, requestId };
      return renderOf(await work.submit(call.tenant.id, asked));
    },
    status: async (call, { renderId }) => renderOf(await work.find(call.tenant.id, { workId: renderId, ...own(call) })),
    cancel: async (call, { renderId }) =>
      renderOf(await work.cancel(call.tenant.id, { workId: renderId, ...own(call) })),
    async list(call, which) {
      const { items, ...more } = await work.list(call.tenant.id, { ...which, ...own(call) });
      return { items: items.map(renderOf), ...more };
    },
    check: (call, { effect, data }) => {
      pluginOf(call);
      return check(call.tenant.id, effect, data);
    },
  });
}

/** Whoever asks, or in whose name the kernel works. */
function behind({ actor }: Call): string | undefined {
  if (actor.kind === 'person') return actor.accountId;
  return actor.kind === 'system' ? actor.onBehalfOf : undefined;
}

function pluginOf({ caller }: Call): string {
  if (!caller) throw kernel.forbidden({ detail: 'renders@1 is for plugins.' });
  return caller;
}

function renderOf({ workId, kind: _kind, plugin: _plugin, attempts: _attempts, ...item }: Work): Render {
  const { tenantId: _tenant, requestId: _request, key: _key, result, ...rest } = item;
  return { renderId: workId, ...rest, ...(result === undefined ? {} : { result: result as RenderResult }) };
}
