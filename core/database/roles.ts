/** The database roles of one Plinth. Roles belong to the whole server, so their names carry the database's. */
export interface DatabaseRoles {
  readonly prefix: string;
  /** Logs in; owns nothing and inherits nothing. */
  readonly app: string;
  /** Kernel tables within one tenant. */
  readonly kernel: string;
  /** Kernel tables across tenants. */
  readonly system: string;
  /** What every plugin's role may do with kernel tables: add events and jobs. */
  readonly plugins: string;
  /** Ledger tables across tenants. */
  readonly ledger: string;
}

export function databaseRoles(prefix: string): DatabaseRoles {
  return {
    prefix,
    app: `${prefix}_app`,
    kernel: `${prefix}_kernel`,
    system: `${prefix}_system`,
    plugins: `${prefix}_plugins`,
    ledger: `${prefix}_ledger`,
  };
}

export function pluginRole(roles: DatabaseRoles, pluginId: string): string {
  return `${roles.prefix}_p_${schemaOf(pluginId)}`;
}

/** The PostgreSQL schema that holds a plugin's tables. */
export function schemaOf(pluginId: string): string {
  if (!/^[a-z][a-z0-9_-]{0,39}$/.test(pluginId)) throw new RangeError(`"${pluginId}" is no plugin id.`);
  return pluginId.replaceAll('-', '_');
}
