// A durable PostgreSQL with the kernel's tables, one tenant and one plugin, for benches of single rooms.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '@plinth/sdk';
import pg from 'pg';
import { Database } from '../core/database/database.ts';
import { openPostgres } from '../core/database/embedded/open.ts';
import { migrate, pluginMigrations } from '../core/database/migrate.ts';
import { databaseRoles } from '../core/database/roles.ts';

export const PLUGIN = 'meter';

export interface Place {
  readonly database: Database;
  readonly owner: pg.PoolConfig;
  readonly tenantId: string;
  /** The owner's own connections, for rivals. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

export async function openPlace(): Promise<Place> {
  const directory = mkdtempSync(join(tmpdir(), 'plinth-bench-room-'));
  const server = await openPostgres({ dataDir: join(directory, 'postgres') });
  const owner = server.connect.owner;
  const roles = databaseRoles('plinth_bench');
  const unit = (room: string) => ({
    id: `kernel/${room}`,
    schema: 'kernel',
    folder: new URL(`../core/${room}/migrations/`, import.meta.url),
  });
  const plugin = pluginMigrations(PLUGIN, new URL('../core/test/rooms/migrations/', import.meta.url));
  await migrate(owner, roles, [unit('tenancy'), unit('events'), unit('jobs'), plugin]);
  const pool = new pg.Pool({ ...owner, max: 20 });
  pool.on('error', () => {});
  const tenantId = newId();
  await pool.query(`insert into kernel.tenant (id, slug, name) values ($1, 'bench', 'Bench')`, [tenantId]);
  const database = new Database({ ...owner, user: roles.app }, roles);
  return {
    database,
    owner,
    tenantId,
    pool,
    close: async () => {
      await database.close();
      await pool.end();
      await server.stop();
      rmSync(directory, { recursive: true });
    },
  };
}

/** Does something `count` times, so many at once. */
export async function inParallel(
  count: number,
  atOnce: number,
  run: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

/** Waits until something has been counted so often. */
export class Count {
  #left: number;
  readonly done: Promise<void>;
  #resolve: () => void;

  constructor(of: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#left = of;
    this.done = promise;
    this.#resolve = resolve;
  }

  one(): void {
    if (--this.#left === 0) this.#resolve();
  }
}

export const p99 = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)] ?? 0;
