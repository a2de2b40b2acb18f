import type { Log } from '@plinth/sdk';
import pg from 'pg';

/**
 * Hears notices on a connection of its own. A notice sent while the connection was down is lost, so whoever keeps
 * something by notices is told to forget it whenever the connection is made anew.
 */
export class Listener {
  readonly #connection: pg.ClientConfig;
  readonly #log: Log;
  readonly #heard = new Map<string, (payload: string) => void>();
  readonly #onGap: () => void;
  #client: pg.Client | undefined;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(connection: pg.ClientConfig, log: Log, onGap: () => void) {
    this.#connection = connection;
    this.#log = log;
    this.#onGap = onGap;
  }

  on(channel: string, heard: (payload: string) => void): this {
    this.#heard.set(channel, heard);
    return this;
  }

  async start(): Promise<void> {
    const client = new pg.Client({ ...this.#connection, keepAlive: true });
    client.on('notification', ({ channel, payload }) => this.#heard.get(channel)?.(payload ?? ''));
    client.on('error', () => {});
    client.on('end', () => {
      if (this.#stopped || this.#client !== client) return;
      this.#onGap();
      this.#again();
    });
    await client.connect();
    for (const channel of this.#heard.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
    this.#client = client;
    this.#onGap();
  }

  #again(): void {
    this.#retry = setTimeout(() => {
      this.start().catch((error: unknown) => {
        this.#log.warn('listen-failed', { error });
        if (!this.#stopped) this.#again();
      });
    }, 500).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    await this.#client?.end();
  }
}
