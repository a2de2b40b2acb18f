// A PostgreSQL of our own in a directory: started if it does not run, shared with whoever else uses it.
import { binaryDirectories, findBinaries } from './binaries.ts';
import { createCluster, DATABASE, majorOf, OWNER } from './cluster.ts';
import { openHome } from './home.ts';
import { findServer, startServer, stopServer } from './server.ts';
import { enter } from './users.ts';

export interface EmbeddedPostgresOptions {
  dataDir: string;
  log?: (message: string) => void;
  /** Server settings over the defaults, `{ max_connections: '200' }`. */
  settings?: Record<string, string>;
  /** Where to look for `postgres` and `initdb`, best first. */
  binaries?: string[];
}

export interface EmbeddedPostgres {
  /** For `pg`: the superuser of this database, over its unix socket. */
  connect: { owner: { host: string; user: string; database: string } };
  /** Nobody else was using it when we came. */
  owned: boolean;
  /** Stops the server unless another process still uses it. */
  stop(): Promise<void>;
}

/** `const database = await openPostgres({ dataDir: '.plinth/postgres' })` */
export async function openPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {}, settings = {}, binaries = binaryDirectories() } = options;
  if (process.platform === 'win32') {
    throw new Error('The embedded database runs on Linux and macOS. On Windows use WSL, or set DATABASE_URL.');
  }
  const home = openHome(dataDir);
  const use = enter(home);
  try {
    const server = (await running()) ?? (await start());
    return {
      connect: { owner: { host: server.host, user: OWNER, database: DATABASE } },
      owned: use.alone,
      async stop() {
        if (use.leave()) await stopServer(home, server);
      },
    };
  } catch (error) {
    use.leave();
    throw error;
  }

  async function running() {
    const server = await findServer(home);
    return server?.ready ? server : undefined;
  }

  async function start() {
    const major = majorOf(home);
    const found = findBinaries(binaries, home, major);
    if (major === undefined) {
      log(`creating a PostgreSQL ${found.major} database in ${dataDir}`);
      createCluster(home, found);
    }
    return startServer(home, found, settings);
  }
}
