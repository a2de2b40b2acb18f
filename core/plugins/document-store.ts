import type { Collection, DocumentStore, Page, Stored } from '@plinth/sdk';
import type pg from 'pg';
import { errors } from '../errors.ts';
import { checkOf } from '../schemas.ts';
import type { PluginContext } from './context.ts';
import type { Runtime } from './runtime.ts';
import { mayGrow } from './store-quota.ts';

type Doc = Record<string, unknown>;

interface Row {
  id: string;
  version: number;
  value: Doc;
  created_at: Date;
  updated_at: Date;
}

const COLUMNS = 'id, version, value, created_at, updated_at';
const LARGEST_DOCUMENT = 256 * 1024;
const LONGEST_PAGE = 100;

/**
 * `ctx.store.<name>`: documents in the plugin's own schema, under its own role and the tenant's rows only.
 *
 * Indexed fields are copied into rows of `document_index`: row-level security keeps PostgreSQL from using an index over
 * an expression of the jsonb itself.
 */
export function documentStore(
  runtime: Runtime,
  ctx: PluginContext,
  plugin: string,
  name: string,
  collection: Collection,
): DocumentStore<Doc, string> {
  const tenantId = ctx.tenant.id;
  return {
    get: (id) =>
      ctx.joinedRead(async (client) => {
        const { rows } = await client.query<Row>(
          `select ${COLUMNS} from ${table(plugin)} where tenant_id = $1 and collection = $2 and id = $3`,
          [tenantId, name, id],
        );
        return rows[0] && stored(rows[0]);
      }),

    async put(id, value, { version } = {}) {
      mustBeStorable(plugin, name, collection, id, value);
      const text = JSON.stringify(value);
      if (text.length > LARGEST_DOCUMENT)
        throw errors.too_large({ detail: `A document may have ${LARGEST_DOCUMENT} characters.` });
      return ctx.joined(async (client) => {
        await mayGrow(runtime, client, plugin, tenantId, text.length);
        const row = await write(client, version, [tenantId, name, id, text, ctx.clock.now()]);
        await client.query(
          `delete from ${table(plugin, '_index')} where tenant_id = $1 and collection = $2 and id = $3`,
          [tenantId, name, id],
        );
        if (collection.indexes.length > 0) {
          await client.query(
            `insert into ${table(plugin, '_index')} (tenant_id, collection, field, value, id)
             select $1, $2, field, value, $3 from unnest($4::text[], $5::text[]) as each (field, value)`,
            [tenantId, name, id, collection.indexes, collection.indexes.map((field) => indexed(value[field]))],
          );
        }
        return stored(row);
      });
    },

    remove: (id) =>
      ctx.joined(async (client) => {
        const { rowCount } = await client.query(
          `delete from ${table(plugin)} where tenant_id = $1 and collection = $2 and id = $3`,
          [tenantId, name, id],
        );
        return rowCount === 1;
      }),

    list: ({ where = {}, after, limit = 50 } = {}) =>
      ctx.joinedRead(async (client) => {
        const most = Math.min(Math.max(1, limit), LONGEST_PAGE);
        const { text, values } = listQuery(plugin, [tenantId, name], where as Doc, after, most);
        const { rows } = await client.query<Row>(text, values);
        const last = rows[most - 1];
        const page: Page<Stored<Doc>> = { items: rows.slice(0, most).map(stored) };
        return rows.length > most && last ? { ...page, next: Buffer.from(last.id).toString('base64url') } : page;
      }),
  };

  async function write(client: pg.PoolClient, version: number | undefined, values: unknown[]): Promise<Row> {
    const guard = version === undefined ? '' : 'where document.version = $6';
    const { rows } = await client.query<Row>(
      version === undefined || version === 0
        ? `insert into ${table(plugin)} as document (tenant_id, collection, id, value, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)
           on conflict (tenant_id, collection, id) do ${version === 0 ? 'nothing' : 'update set value = excluded.value, version = document.version + 1, updated_at = excluded.updated_at'}
           returning ${COLUMNS}`
        : `update ${table(plugin)} as document set value = $4, version = version + 1, updated_at = $5
           ${guard} and tenant_id = $1 and collection = $2 and id = $3 returning ${COLUMNS}`,
      version === undefined || version === 0 ? values : [...values, version],
    );
    const row = rows[0];
    if (!row) throw errors.conflict({ detail: `Document "${String(values[2])}" is no longer at version ${version}.` });
    return row;
  }
}

function table(plugin: string, suffix = ''): string {
  return `"${plugin.replaceAll('-', '_')}".document${suffix}`;
}

function stored({ id, version, value, created_at, updated_at }: Row): Stored<Doc> {
  return { id, version, value, createdAt: created_at.toISOString(), updatedAt: updated_at.toISOString() };
}

const indexed = (value: unknown): string => JSON.stringify(value ?? null).slice(0, 500);

function listQuery(
  plugin: string,
  [tenantId, name]: readonly [string, string],
  where: Doc,
  after: string | undefined,
  most: number,
): { text: string; values: unknown[] } {
  const values: unknown[] = [tenantId, name, most + 1];
  const filters = Object.entries(where).map(([field, value]) => {
    values.push(field, indexed(value));
    return `and exists (select from ${table(plugin, '_index')} i where i.tenant_id = $1 and i.collection = $2
      and i.field = $${values.length - 1} and i.value = $${values.length} and i.id = d.id)`;
  });
  if (after !== undefined) {
    values.push(Buffer.from(after, 'base64url').toString());
    filters.push(`and d.id < $${values.length}`);
  }
  const text = `select ${COLUMNS} from ${table(plugin)} d where tenant_id = $1 and collection = $2 ${filters.join(' ')} order by id desc limit $3`;
  return { text, values };
}

function mustBeStorable(plugin: string, name: string, collection: Collection, id: string, value: Doc): void {
  if (id.length === 0 || id.length > 200)
    throw errors.bad_payload({ detail: 'A document id has 1 to 200 characters.' });
  const wrong = checkOf(collection.document)(value);
  if (wrong)
    throw errors.bad_payload({
      detail: `${plugin} stored a document that its collection "${name}" refuses.`,
      errors: wrong,
    });
}
