// One PostgreSQL for a whole test run, in a directory that goes away with it.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPostgres } from '../database/embedded/open.ts';
import { isAlive } from '../database/embedded/process.ts';

const PREFIX = 'plinth-test-';
/** Survives a killed server, as every test of a bad day needs, and is spared the disk, which none of them pulls out. */
const settings = { fsync: 'off', full_page_writes: 'off', max_connections: '200' };

export default async function startDatabase(): Promise<() => Promise<void>> {
  await removeAbandoned();
  const directory = join(tmpdir(), `${PREFIX}${process.pid}`);
  mkdirSync(directory);
  const dataDir = join(directory, 'postgres');
  const server = await openPostgres({ dataDir, settings });
  process.env.TEST_POSTGRES = JSON.stringify(server.connect.owner);
  return async () => {
    await server.stop();
    rmSync(directory, { recursive: true });
  };
}

/** A run that was killed left its server behind. */
async function removeAbandoned(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    if (isAlive(Number(name.slice(PREFIX.length)))) continue;
    const directory = join(tmpdir(), name);
    const server = await openPostgres({ dataDir: join(directory, 'postgres'), settings }).catch(() => undefined);
    await server?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
