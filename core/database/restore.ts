import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { newId } from '@plinth/sdk';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import type { Static, TSchema } from 'typebox';
import { renumberOutbox } from '../events/relay.ts';
import { checkOf } from '../schemas.ts';
import { blobKey, type StorageDriver, stagingKey } from '../storage/driver.ts';
import { type Part, readParts } from './archive.ts';
import { schemasOf } from './backup.ts';
import { copyOut, Head, nameOf, ONE_WAY, Sum, secretMark, type Table, Tail } from './backup-format.ts';
import { lowerWalls } from './lower-walls.ts';
import { type MigrationUnit, migrate } from './migrate.ts';
import type { Connections } from './open.ts';

export interface RestoreDeps extends Pick<Connections, 'owner' | 'roles' | 'appPassword'> {
  /** The kernel's and every plugin's. */
  readonly units: readonly MigrationUnit[];
  readonly driver: StorageDriver;
  readonly secret: string;
}

export interface Restored {
  readonly at: string;
  readonly kernel: string;
  readonly rows: number;
  readonly objects: number;
  /** Objects that the backup could not read, or that came out of it damaged. */
  readonly missing: number;
  /** What was encrypted with the secret of then cannot be read with that of now. */
  readonly otherSecret: boolean;
}

/**
 * Puts a backup into an empty database: first the tables as they were then, then the rows, all in one transaction that
 * commits only when each table hashes to what the backup says, then the migrations made since. So it is also the way
 * to a new major version of PostgreSQL.
 */
export async function restore(deps: RestoreDeps, source: AsyncIterable<Uint8Array>): Promise<Restored> {
  const parts = readParts(source);
  const { value: first } = await parts.next();
  const head = fitting(Head, (first as Part | undefined)?.header);
  const known = mustKnow(head, deps.units);
  const client = new pg.Client(deps.owner);
  await client.connect();
  try {
    await mustBeEmpty(client);
    const { owner, roles, units, appPassword } = deps;
    try {
      await migrate(owner, roles, units, appPassword, (file) => known.has(file));
      const restored = await putBack(client, deps, head, parts);
      await migrate(owner, roles, units, appPassword);
      return restored;
    } catch (error) {
      // It was empty when we came, so all that is there is ours: the next try begins as this one did.
      await client.query('rollback');
      const schemas = new Set([...schemasOf(head.migrations), ...units.map((unit) => unit.schema)]);
      for (const schema of schemas) await client.query(`drop schema if exists "${schema}" cascade`);
      throw error;
    }
  } finally {
    await client.end();
  }
}

async function putBack(
  client: pg.Client,
  { driver, secret }: RestoreDeps,
  head: Head,
  parts: AsyncIterable<Part>,
): Promise<Restored> {
  await client.query('begin');
  await client.query(ONE_WAY);
  const raiseWalls = await lowerWalls(client, head.tables);
  const objects = { written: 0, damaged: 0 };
  let tail: Tail | undefined;
  for await (const { header, body } of parts) {
    const { table: name, object } = header as { table?: string; object?: ObjectName };
    const table = head.tables.find((each) => nameOf(each) === name);
    if (table) await copyIn(client, table, body);
    else if (object) objects[(await putObject(driver, object, body)) ? 'written' : 'damaged'] += 1;
    else tail = fitting(Tail, header);
  }
  if (!tail) throw new Error('The file is cut off: its end is missing.');
  const rows = await mustBeTheSame(client, head.tables, tail);
  for (const [sequence, value] of Object.entries(tail.sequences))
    await client.query('select setval($1::regclass, $2)', [sequence, value]);
  await renumberOutbox(client);
  await raiseWalls();
  await client.query('commit');
  const { at, kernel } = head;
  const missing = tail.missing + objects.damaged;
  return { at, kernel, rows, objects: objects.written, missing, otherSecret: head.secret !== secretMark(secret) };
}

async function copyIn(client: pg.Client, table: Table, body: AsyncIterable<Buffer>): Promise<void> {
  const columns = table.columns.map((column) => `"${column}"`).join(', ');
  await pipeline(body, client.query(from(`copy ${nameOf(table)} (${columns}) from stdin`)));
}

interface ObjectName {
  readonly tenant: string;
  readonly sha256: string;
}

async function putObject(driver: StorageDriver, { tenant, sha256 }: ObjectName, body: AsyncIterable<Buffer>) {
  const hash = createHash('sha256');
  const staged = stagingKey(tenant, newId());
  async function* hashed() {
    for await (const piece of body) {
      hash.update(piece);
      yield piece;
    }
  }
  await driver.append(staged, 0, hashed());
  const whole = hash.digest('hex') === sha256;
  if (whole) await driver.move(staged, blobKey(tenant, sha256));
  else await driver.delete(staged);
  return whole;
}

/** Reads everything back: what counts is what lies in the tables, not what was sent. */
async function mustBeTheSame(client: pg.Client, tables: readonly Table[], tail: Tail): Promise<number> {
  let total = 0;
  for (const table of tables) {
    const sum = new Sum();
    for await (const _piece of copyOut(client, table, sum));
    const { rows, sha256 } = sum.done();
    if (tail.tables[nameOf(table)]?.sha256 !== sha256)
      throw new Error(`${nameOf(table)} came out of the backup damaged: nothing was restored.`);
    total += rows;
  }
  return total;
}

async function mustBeEmpty(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query("select from pg_namespace where nspname in ('kernel', 'ledger')");
  if (rowCount)
    throw new Error(
      'There is a Plinth in this database already. Restore into an empty one: name it with DATABASE_URL, or an empty directory with PLINTH_DATA_DIR.',
    );
}

/** Every migration of the backup must be here as it was; those that are here and not in the backup come afterwards. */
function mustKnow({ migrations, kernel }: Head, units: readonly MigrationUnit[]): ReadonlySet<string> {
  const here = new Map(units.flatMap(filesOf));
  for (const { unit, name, sha256 } of migrations) {
    const file = `${unit}/${name}`;
    const mine = here.get(file);
    if (mine === sha256) continue;
    const whose = unit.startsWith('kernel/') ? `this Plinth (it was made by ${kernel})` : `the plugin ${unit}`;
    throw new Error(
      mine === undefined
        ? `The backup is newer than what is here: it has the migration ${file}. Install a newer version of ${whose} first.`
        : `The migration ${file} is another here than in the backup. Install the version of ${whose} that it was made with.`,
    );
  }
  return new Set(migrations.map(({ unit, name }) => `${unit}/${name}`));
}

function filesOf({ id, folder }: MigrationUnit): [string, string][] {
  if (!folder) return [];
  const directory = fileURLToPath(folder);
  return readdirSync(directory).map((name) => [
    `${id}/${name}`,
    createHash('sha256')
      .update(readFileSync(`${directory}/${name}`))
      .digest('hex'),
  ]);
}

function fitting<S extends TSchema>(schema: S, header: unknown): Static<S> {
  if (header === undefined || checkOf(schema)(header))
    throw new Error('That is no backup of Plinth, or of a newer one.');
  return header as Static<S>;
}
