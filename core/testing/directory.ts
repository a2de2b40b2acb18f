import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A fresh directory, to be removed by whoever asked. Others may enter it, as they may a project: in one that is
 * closed, root's PostgreSQL (which runs as nobody) would put its data elsewhere, and removal would not find it.
 */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `plinth ${name}-`));
  chmodSync(directory, 0o755);
  return directory;
}
