import { basename } from 'node:path';
import { blobKey, blobsOf, stagingOf } from './driver.ts';
import type { StorageParts } from './storage.ts';

/** Staged bytes without a row are somebody's stream in full flow, unless they have not grown for this long. */
const STAGED_GRACE_MS = 48 * 3_600_000;

/** Removes what has expired, then the bytes that nothing has referred to for a while. */
export async function sweep({ catalog, driver, intake, clock }: StorageParts, tenantId: string): Promise<void> {
  const now = clock.now();
  const expired = await catalog.query(tenantId, 'expires_at <= $2 order by expires_at limit 10000', [now]);
  // One by one, and each asks again: an upload may have shown a sign of life meanwhile.
  for (const { id } of expired) await intake.remove(tenantId, id, now);
  while (await catalog.sweepBlob(tenantId, (sha256) => driver.delete(blobKey(tenantId, sha256))));
}

/** Compares what the driver holds with the books: a crash, or rows put back from a backup, leaves files of no row. */
export async function reconcile({ catalog, driver, clock }: StorageParts, tenantId: string): Promise<void> {
  for await (const { key, modifiedAt } of driver.list(stagingOf(tenantId))) {
    if (clock.now().getTime() - modifiedAt.getTime() < STAGED_GRACE_MS) continue;
    const row = await catalog.find(tenantId, basename(key));
    if (row === undefined || row.state === 'stored') await driver.delete(key);
  }
  let batch: { sha256: string; bytes: number }[] = [];
  for await (const { key, bytes } of driver.list(blobsOf(tenantId))) {
    if (batch.push({ sha256: basename(key), bytes }) < 1000) continue;
    await catalog.adoptBlobs(tenantId, batch);
    batch = [];
  }
  await catalog.adoptBlobs(tenantId, batch);
}
