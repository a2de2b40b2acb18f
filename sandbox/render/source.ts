import type { Compiled } from '../javascript/compile.ts';
import { effectBundle } from '../javascript/effect-bundle.ts';
import type { EffectSource } from '../javascript/frame-player.ts';
import { snapshotDirectory } from '../python/directory.ts';
import { snapshotIn } from '../python/snapshot.ts';
import { findWall } from '../supervisor/wall.ts';

/** What a render's child plays. The memory that Python starts from is made first, if this is its first effect here. */
export async function sourceOf({ program }: Compiled): Promise<EffectSource> {
  const runtime = await effectBundle();
  if (program.language === 'javascript') return { program, runtime };
  return { program, runtime, snapshot: await snapshotIn(snapshotDirectory(), findWall()) };
}
