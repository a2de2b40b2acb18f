import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type Signing, signingFrom } from '@plinth/sandbox/render/c2pa/signing.ts';
import { isProxy } from './front/forwarded.ts';
import type { S3Options } from './storage/s3-client.ts';

/** Everything that can be set from outside, as the kernel uses it. */
export interface Config {
  readonly port: number;
  readonly host: string;
  /** Addresses and ranges whose word about a client's address counts. */
  readonly trustedProxies: readonly string[];
  /** Where embedded data lives. */
  readonly dataDir: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly natsUrl: string | undefined;
  readonly smtpUrl: string | undefined;
  /** Where objects lie, when not in the data directory. */
  readonly s3: S3Options | undefined;
  readonly mailFrom: string;
  /** Signs URLs and derives keys. Generated and kept in the data directory when not given. */
  readonly secret: string;
  /** The domain under which tenants get `NAME.<platformHost>`. */
  readonly platformHost: string;
  /** Seen from outside, without a trailing slash; `*` stands for the tenant's host. Links in mail start with it. */
  readonly publicUrl: string;
  /** Whoever scrapes `/metrics` must show it; without one there are no metrics over HTTP. */
  readonly metricsToken: string | undefined;
  readonly tracesUrl: string | undefined;
  readonly logLevel: string;
  /** Renders, transcodes and the like that this node does at once. */
  readonly workSlots: number;
  /** Whose key signs what effects make. */
  readonly signing: Signing | undefined;
  readonly mode: Mode;
}

type Mode = 'development' | 'production' | 'test';

/** One variable of the environment: the reference in the docs and `plinth diagnose` are made from this table. */
export interface Setting {
  readonly about: string;
  readonly fallback?: string;
  readonly pattern?: Pick<RegExp, 'test'>;
  readonly secret?: boolean;
}

export const SETTINGS = {
  DATABASE_URL: {
    about: 'PostgreSQL 16 to 18, as a role that may create roles. Absent: an embedded one.',
    pattern: /^postgres(ql)?:\/\//,
    secret: true,
  },
  REDIS_URL: {
    about: 'Redis for jobs and realtime. Absent: PostgreSQL and this process.',
    pattern: /^rediss?:\/\//,
    secret: true,
  },
  NATS_URL: {
    about: 'NATS JetStream for events and realtime. Absent: PostgreSQL and this process.',
    pattern: /^(nats|tls):\/\//,
    secret: true,
  },
  S3_BUCKET: { about: 'Bucket for objects. Absent: they lie in the data directory.' },
  S3_ENDPOINT: { about: 'S3 server, where it is not Amazon’s.', pattern: /^https?:\/\// },
  S3_REGION: { about: 'Region of the bucket.', fallback: 'us-east-1' },
  S3_ACCESS_KEY_ID: { about: 'Key for the bucket. Absent: what the machine itself is allowed.' },
  S3_SECRET_ACCESS_KEY: { about: 'Secret of that key.', secret: true },
  SMTP_URL: {
    about: 'Where mail is sent. Absent: it is kept in the development mailbox.',
    pattern: /^smtps?:\/\//,
    secret: true,
  },
  FFMPEG_PATH: {
    about:
      'FFmpeg’s program, the directory of it and ffprobe, or "embedded". Absent: the system’s, that of a package, the embedded one.',
  },
  PLINTH_C2PA_CERT: {
    about:
      'File of the certificates, as PEM, that results of effects are signed with (C2PA). Absent: they are not signed.',
  },
  PLINTH_C2PA_KEY: { about: 'File of the key that belongs to the first of them.' },
  PLINTH_PORT: { about: 'Port of the HTTP server.', fallback: '8080', pattern: /^\d{1,5}$/ },
  PLINTH_HOST: { about: 'Address the HTTP server listens on.', fallback: '127.0.0.1' },
  PLINTH_TRUSTED_PROXIES: {
    about:
      'Addresses and ranges of proxies in front, separated by commas: "127.0.0.1, 10.0.0.0/8". X-Forwarded-For and X-Forwarded-Proto count from them only. Absent: from nobody.',
    pattern: { test: (list: string) => listOf(list).every(isProxy) },
  },
  PLINTH_DATA_DIR: { about: 'Where embedded data lives.', fallback: '.plinth' },
  PLINTH_PLATFORM_HOST: { about: 'Tenants live at NAME.<this>.', fallback: 'localhost', pattern: /^[a-z0-9.-]+$/ },
  PLINTH_PUBLIC_URL: {
    about: 'How pages are reached from outside; "*" stands for the tenant’s host.',
    pattern: /^https?:\/\//,
  },
  PLINTH_SECRET: {
    about: 'Signs URLs and derives keys, 32 characters or more. Absent: made once and kept in the data directory.',
    pattern: /^.{32,}$/,
    secret: true,
  },
  PLINTH_MAIL_FROM: { about: 'The sender of mail.', fallback: 'Plinth <no-reply@localhost>' },
  PLINTH_METRICS_TOKEN: { about: 'Bearer token for /metrics. Absent: no metrics over HTTP.', secret: true },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    about: 'An OpenTelemetry collector that takes traces over OTLP/HTTP. Absent: no traces.',
    pattern: /^https?:\/\//,
  },
  PLINTH_LOG_LEVEL: {
    about: 'debug, info, warn or error.',
    fallback: 'info',
    pattern: /^(debug|info|warn|error|silent)$/,
  },
  PLINTH_WORK_SLOTS: {
    about:
      'Renders, transcodes and the like that this node does at once; 0 leaves them to other nodes. Absent: one for each core.',
    pattern: /^\d{1,3}$/,
  },
  PLINTH_MODE: {
    about: 'development or production.',
    fallback: 'development',
    pattern: /^(development|production|test)$/,
  },
} as const satisfies Readonly<Record<string, Setting>>;

type Name = keyof typeof SETTINGS;

/** Reads the environment; whatever is wrong in it is said in one sentence before anything starts. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, over: Partial<Config> = {}): Config {
  const read = (name: Name): string | undefined => {
    const setting: Setting = SETTINGS[name];
    const value = env[name] || setting.fallback;
    if (value !== undefined && setting.pattern && !setting.pattern.test(value)) {
      throw new Error(`${name}${setting.secret ? '' : ` is "${value}", which`} does not fit. ${setting.about}`);
    }
    return value;
  };
  const unknown = Object.keys(env).find(
    (name) => name.startsWith('PLINTH_') && !(name in SETTINGS) && !name.startsWith('PLINTH_TEST_'),
  );
  if (unknown !== undefined && read('PLINTH_MODE') !== 'test')
    throw new Error(`${unknown} is no setting. See docs/reference/configuration.md for all of them.`);
  const dataDir = resolve(over.dataDir ?? read('PLINTH_DATA_DIR') ?? '.plinth');
  const port = over.port ?? Number(read('PLINTH_PORT'));
  return {
    port,
    host: read('PLINTH_HOST') ?? '127.0.0.1',
    trustedProxies: listOf(read('PLINTH_TRUSTED_PROXIES') ?? ''),
    databaseUrl: read('DATABASE_URL'),
    redisUrl: read('REDIS_URL'),
    natsUrl: read('NATS_URL'),
    smtpUrl: read('SMTP_URL'),
    s3: s3Options(read),
    mailFrom: read('PLINTH_MAIL_FROM') ?? '',
    platformHost: read('PLINTH_PLATFORM_HOST') ?? 'localhost',
    publicUrl: read('PLINTH_PUBLIC_URL') ?? `http://*:${port}`,
    metricsToken: read('PLINTH_METRICS_TOKEN'),
    tracesUrl: read('OTEL_EXPORTER_OTLP_ENDPOINT'),
    logLevel: read('PLINTH_LOG_LEVEL') ?? 'info',
    workSlots: Number(read('PLINTH_WORK_SLOTS') ?? availableParallelism()),
    signing: signingFrom({ PLINTH_C2PA_CERT: read('PLINTH_C2PA_CERT'), PLINTH_C2PA_KEY: read('PLINTH_C2PA_KEY') }),
    mode: (read('PLINTH_MODE') ?? 'development') as Mode,
    ...over,
    dataDir,
    secret: over.secret ?? read('PLINTH_SECRET') ?? keptSecret(dataDir),
  };
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean);
}

function s3Options(read: (name: Name) => string | undefined): S3Options | undefined {
  const bucket = read('S3_BUCKET');
  if (bucket === undefined) return undefined;
  return {
    bucket,
    endpoint: read('S3_ENDPOINT'),
    region: read('S3_REGION'),
    accessKeyId: read('S3_ACCESS_KEY_ID'),
    secretAccessKey: read('S3_SECRET_ACCESS_KEY'),
  };
}

/** Made on the first start. Losing it ends all signed URLs and encrypted second factors, so it lies with the data. */
function keptSecret(dataDir: string): string {
  const file = join(dataDir, 'secret');
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    mkdirSync(dataDir, { recursive: true });
    const secret = randomBytes(32).toString('hex');
    // Two processes may start at once: the first to create the file wins, the other reads it.
    try {
      writeFileSync(file, secret, { mode: 0o600, flag: 'wx' });
      return secret;
    } catch {
      return readFileSync(file, 'utf8').trim();
    }
  }
}
