// A PostgreSQL of our own in a directory: started if it does not run, started again if it dies, shared with whoever
// else uses it.
import { binaryDirectories, findBinaries } from './binaries.ts';
import { createCluster, DATABASE, majorOf, OWNER } from './cluster.ts';
import { openHome } from './home.ts';
import { isAlive } from './process.ts';
import { findServer, type Server, startServer, stopServer } from './server.ts';
import { enter } from './users.ts';

export interface EmbeddedPostgresOptions {
  dataDir: string;
  log?: (message: string) => void;
  /** Server settings over the defaults: `{ max_connections: '200' }`. */
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

const LOOK_EVERY_MS = 500;

/** `const database = await openPostgres({ dataDir: '.plinth/postgres' })` */
export async function openPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, log = () => {}, settings = {}, binaries = binaryDirectories() } = options;
  if (process.platform === 'win32') {
    throw new Error('The embedded database runs on Linux and macOS. On Windows use WSL, or set DATABASE_URL.');
  }
  const home = openHome(dataDir);
  const use = enter(home);
  try {
    let server = await open();
    let reviving: Promise<void> | undefined;
    const watch = setInterval(() => {
      if (!reviving && !isAlive(server.pid)) reviving = revive();
    }, LOOK_EVERY_MS).unref();
    const revive = async () => {
      log('the database server died and is started again');
      server = await open().catch((error: Error) => {
        log(error.message);
        return server;
      });
      reviving = undefined;
    };
    // A process that ends without stop() (an error nobody caught) takes the server with it; only a kill leaves it running.
    const leave = () => {
      if (use.leave() && isAlive(server.pid)) process.kill(server.pid, 'SIGINT');
    };
    process.once('exit', leave);
    return {
      connect: { owner: { host: server.host, user: OWNER, database: DATABASE } },
      owned: use.alone,
      async stop() {
        clearInterval(watch);
        process.off('exit', leave);
        await reviving;
        if (use.leave()) await stopServer(home);
      },
    };
  } catch (error) {
    use.leave();
    throw error;
  }

  async function open(): Promise<Server> {
    const running = await findServer(home);
    if (running?.ready) return running;
    const major = majorOf(home);
    const found = findBinaries(binaries, home, major);
    if (major === undefined) {
      log(`creating a PostgreSQL ${found.major} database in ${dataDir}`);
      createCluster(home, found);
    }
    return startServer(home, found, settings);
  }
}
