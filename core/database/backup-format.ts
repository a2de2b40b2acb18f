// What a backup says about itself, and how rows are written in it, the same on the way out and back.
import { createHash, createHmac, type Hash } from 'node:crypto';
import type pg from 'pg';
import { to } from 'pg-copy-streams';
import { type Static, Type } from 'typebox';

const Migration = Type.Object({ unit: Type.String(), name: Type.String(), sha256: Type.String() });
const Table = Type.Object({ schema: Type.String(), name: Type.String(), columns: Type.Array(Type.String()) });
export type Table = Static<typeof Table>;

/** The first part. */
export const Head = Type.Object({
  backup: Type.Literal('plinth'),
  format: Type.Literal(1),
  kernel: Type.String(),
  at: Type.String(),
  migrations: Type.Array(Migration),
  tables: Type.Array(Table),
  /** Tells whether another PLINTH_SECRET is in use where it is put back, and nothing else about it. */
  secret: Type.String(),
});
export type Head = Static<typeof Head>;

const Written = Type.Object({ rows: Type.Integer(), sha256: Type.String() });
export type Written = Static<typeof Written>;

/** The last part: without it the file is not whole. */
export const Tail = Type.Object({
  tables: Type.Record(Type.String(), Written),
  sequences: Type.Record(Type.String(), Type.String()),
  objects: Type.Integer(),
  /** Objects whose bytes were not where they should be. */
  missing: Type.Integer(),
});
export type Tail = Static<typeof Tail>;

export const nameOf = ({ schema, name }: Pick<Table, 'schema' | 'name'>): string => `"${schema}"."${name}"`;

export const secretMark = (secret: string): string =>
  createHmac('sha256', secret).update('mark of a backup').digest('hex').slice(0, 16);

/** Values are written as text: in one way, whatever the server or the database is set to. */
export const ONE_WAY = `set local timezone = 'UTC'; set local datestyle = 'ISO'; set local intervalstyle = 'postgres';
  set local bytea_output = 'hex'; set local extra_float_digits = 1; set local synchronize_seqscans = off;
  set local statement_timeout = 0`;

/** A table's rows as they lie there, counted and hashed on the way. */
export async function* copyOut(client: pg.ClientBase, table: Table, sum: Sum): AsyncGenerator<Buffer> {
  const columns = table.columns.map((column) => `"${column}"`).join(', ');
  const rows = client.query(to(`copy (select ${columns} from ${nameOf(table)}) to stdout`));
  for await (const piece of rows as AsyncIterable<Buffer>) {
    sum.add(piece);
    yield piece;
  }
}

const NEWLINE = 10;

/** Counts rows and makes their hash. In COPY's text a line end is the end of a row: within values it is escaped. */
export class Sum {
  #rows = 0;
  readonly #hash: Hash = createHash('sha256');

  add(piece: Uint8Array): void {
    this.#hash.update(piece);
    for (let at = piece.indexOf(NEWLINE); at !== -1; at = piece.indexOf(NEWLINE, at + 1)) this.#rows += 1;
  }

  done(): Written {
    return { rows: this.#rows, sha256: this.#hash.digest('hex') };
  }
}
