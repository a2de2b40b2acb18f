import type { Config } from '../config.ts';
import { openDiskDriver } from './disk-driver.ts';
import type { StorageDriver } from './driver.ts';

/** Where objects lie: in the bucket that the configuration names, or in the data directory. */
export async function openDriver({ dataDir, s3 }: Config): Promise<StorageDriver> {
  if (!s3) return openDiskDriver(`${dataDir}/objects`);
  // Amazon's client is large: who keeps objects on a disk need not load it.
  const { openS3Driver } = await import('./s3-driver.ts');
  return openS3Driver(s3);
}
