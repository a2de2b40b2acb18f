/** Everything that can be set from outside. `loadConfig` reads it from the environment and refuses nonsense. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Where embedded data lives. */
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly smtpUrl: string | undefined;
  /** Signs URLs and derives keys. Generated and kept in the data directory when not given. */
  readonly secret: string;
  /** The domain under which tenants get `NAME.<platformHost>`. */
  readonly platformHost: string;
  /** Seen from outside, without a trailing slash; links in mail start with it. */
  readonly publicUrl: string;
  readonly mode: 'development' | 'production' | 'test';
}
