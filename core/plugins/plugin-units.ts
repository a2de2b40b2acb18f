import type { Plugin } from '@plinth/sdk';
import { type MigrationUnit, pluginMigrations } from '../database/migrate.ts';
import { schemaOf } from '../database/roles.ts';

/** What is to be migrated for a plugin: the documents that the kernel keeps for it, and tables of its own. */
export function pluginUnits({ header }: Plugin): MigrationUnit[] {
  const documents: MigrationUnit[] = header.collections
    ? [
        {
          id: `${header.id}/store`,
          schema: schemaOf(header.id),
          folder: new URL('./store-migrations/', import.meta.url),
        },
      ]
    : [];
  // A plugin without tables still has its role: its transactions write events and jobs.
  const own = header.migrations ? [pluginMigrations(header.id, header.migrations)] : [];
  return [
    ...documents,
    ...own,
    ...(documents.length + own.length === 0 ? [{ id: header.id, schema: schemaOf(header.id), folder: undefined }] : []),
  ];
}
