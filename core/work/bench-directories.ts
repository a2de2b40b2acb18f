// The directories in which work is done: one for each start, under its worker's name, so that what a dead worker left is
// known for what it is.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../database/database.ts';

export class BenchDirectories {
  readonly #root: string;
  readonly #own: string;

  constructor(dataDir: string, worker: string) {
    this.#root = join(dataDir, 'work');
    this.#own = join(this.#root, worker);
  }

  async make(): Promise<string> {
    await mkdir(this.#own, { recursive: true, mode: 0o700 });
    return mkdtemp(`${this.#own}/`);
  }

  remove(directory: string): Promise<void> {
    return rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }

  close(): Promise<void> {
    return this.remove(this.#own);
  }

  /** Removes what workers left that are gone, on a disk that may be shared with some that are not. */
  async sweep(database: Database): Promise<void> {
    const there = await readdir(this.#root).catch(() => []);
    if (there.length === 0) return;
    const { rows } = await database.spanning((_tx, client) =>
      client.query<{ id: string }>('select id from kernel.member'),
    );
    const alive = new Set(rows.map(({ id }) => id));
    for (const worker of there) if (!alive.has(worker)) await this.remove(join(this.#root, worker));
  }
}
