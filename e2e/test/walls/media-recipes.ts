// What was made of a video, a sound or a picture, by a signed link to all of its files.
import { Readable } from 'node:stream';
import { CallContext } from '@plinth/core/plugins/call.ts';
import { newId } from '@plinth/sdk';
import { Media } from '@plinth/sdk/services/media.ts';
import { named, type Recipes, type World } from './world.ts';

const PLUGIN = 'tip-jar';

/** As if a playlist had been made for a plugin, which then asks for a link to it. */
async function aSet({ kernel, site }: World) {
  const { storage, runtime, tenancy } = kernel.kernel;
  const content = Readable.from([Buffer.from('#EXTM3U canary')]);
  const { id } = await storage.put(site.id, content, { plugin: PLUGIN, textType: 'application/vnd.apple.mpegurl' });
  const mediaId = newId();
  await kernel.count(
    `insert into kernel.media_file (tenant_id, media_id, name, plugin, object_id, type, main, settled)
     values ('${site.id}', '${mediaId}', 'master.m3u8', '${PLUGIN}', '${id}', 'application/vnd.apple.mpegurl', true, true)`,
  );
  const tenant = await tenancy.byId(site.id);
  if (!tenant) throw new Error('the site is gone');
  const { clock, log } = runtime;
  const call = new CallContext({ tenant, actor: { kind: 'system' }, requestId: '', clock, log, caller: PLUGIN });
  const answer = await runtime.kernelServices.get(Media.id)?.handlers.link?.(call, { mediaId } as never);
  const { url } = (answer ?? {}) as { url?: string };
  const [name = '', grant = ''] = url?.split('/').toReversed() ?? [];
  return { mediaId, grant, name };
}

export const mediaRecipes: Recipes = {
  'HEAD /api/kernel/media/sets/{mediaId}/{grant}/{name}': named(aSet),
  'GET /api/kernel/media/sets/{mediaId}/{grant}/{name}': named(aSet),
};
