import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import type pg from 'pg';
import type { Config } from '../config.ts';
import { openPostgres } from './embedded/open.ts';
import { type DatabaseRoles, databaseRoles } from './roles.ts';

/** The two ways into one database: as its owner, to migrate, and as the app, for everything else. */
export interface Connections {
  readonly owner: pg.ClientConfig;
  readonly app: pg.PoolConfig;
  readonly roles: DatabaseRoles;
  /** What the app's role logs in with, where the server asks for a password. */
  readonly appPassword: string | undefined;
  stop(): Promise<void>;
}

/** The server that `DATABASE_URL` names, or an embedded one in the data directory. */
export async function openConnections(config: Config, log: (line: string) => void): Promise<Connections> {
  if (config.databaseUrl === undefined) {
    const server = await openPostgres({ dataDir: join(config.dataDir, 'postgres'), log });
    const { owner } = server.connect;
    const roles = databaseRoles(rolePrefix(owner.database));
    return { owner, app: { ...owner, user: roles.app }, roles, appPassword: undefined, stop: () => server.stop() };
  }
  const url = new URL(config.databaseUrl);
  const roles = databaseRoles(rolePrefix(decodeURIComponent(url.pathname.slice(1))));
  // Derived, so that every node knows it and nobody has to configure it.
  const appPassword = createHmac('sha256', config.secret).update('database app role').digest('base64url');
  const app = new URL(url);
  app.username = roles.app;
  app.password = appPassword;
  return {
    owner: { connectionString: config.databaseUrl },
    app: { connectionString: app.href },
    roles,
    appPassword,
    stop: async () => {},
  };
}

function rolePrefix(database: string): string {
  return `plinth_${database.toLowerCase().replace(/[^a-z0-9_]/g, '_')}`.slice(0, 30);
}
