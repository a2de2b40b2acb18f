// Probes at once, for whoever waits for the answer: small files, and few at a time.
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { probeMedia } from '@plinth/sandbox/render/probe-media.ts';
import type { MediaFacts } from '@plinth/sdk/services/media-recipes.ts';
import type { StoredObject } from '@plinth/sdk/services/storage.ts';
import { errors as kernel } from '../errors.ts';
import type { StorageApi } from '../storage/storage.ts';
import { fewAtOnce } from '../work/few-at-once.ts';
import { factsOf } from './facts.ts';

const MOST_BYTES = 256 * 1024 * 1024;
const FEW = { atOnce: 2, waiting: 20, busy: 'Many files are being probed.' };

export function probeDesk(storage: Pick<StorageApi, 'read'>) {
  const inTurn = fewAtOnce(FEW);

  async function probed(tenantId: string, objectId: string, signal: AbortSignal): Promise<MediaFacts> {
    const directory = await mkdtemp(join(tmpdir(), 'plinth-probe-'));
    try {
      const file = join(directory, 'file');
      await pipeline(await storage.read(tenantId, objectId), createWriteStream(file, { mode: 0o600 }), { signal });
      return factsOf(await probeMedia(file, { signal }));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  }

  return async (tenantId: string, { id, bytes }: StoredObject, signal: AbortSignal): Promise<MediaFacts> => {
    if (bytes > MOST_BYTES)
      throw kernel.too_large({
        detail: `It has ${bytes} bytes; what is probed at once has ${MOST_BYTES} at most.`,
        fix: 'Ask analyse for "video.meta": its result says the same.',
      });
    return inTurn(tenantId, () => probed(tenantId, id, signal));
  };
}
