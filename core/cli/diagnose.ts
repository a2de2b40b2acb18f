// `plinth diagnose`: how this place is set up and what keeps it from working, each with what to do about it.
import { existsSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { inWords as ffmpegInWords, slowness } from '@plinth/sandbox/render/embedded.ts';
import { findFFmpeg } from '@plinth/sandbox/render/ffmpeg.ts';
import { wallInWords } from '@plinth/sandbox/supervisor/wall.ts';
import { type Config, loadConfig, SETTINGS, type Setting } from '../config.ts';
import { pendingMigrations } from '../database/pending.ts';
import { type Discovered, discoverPlugins } from '../plugins/discover.ts';
import { KERNEL_VERSION, validatePlugin } from '../plugins/validate-plugin.ts';
import { errors } from './errors.ts';
import { atPlace } from './place.ts';
import type { Result, Typed } from './verb.ts';

export async function diagnose({ words }: Typed, print: (result: Result) => void): Promise<void> {
  if (words.length > 0) throw errors.wrong_usage({ detail: 'It takes no words.' });
  const config = loadConfig({ PLINTH_LOG_LEVEL: 'error', ...process.env });
  const { found, ...database } = await lookAtDatabase();
  const plugins = lookAtPlugins(found);
  const disk = lookAtDisk(config.dataDir);
  const { media, wrong: unsound } = await lookAtFFmpeg();
  const facts = {
    versions: { kernel: KERNEL_VERSION, node: process.versions.node, postgres: database.version },
    drivers: { ...driversOf(config), media },
    settings: settings(process.env),
    database,
    disk,
    plugins,
  };
  const wrong = [...database.wrong, ...unsound, ...disk.wrong, ...plugins.wrong];
  // Printed either way: who asks wants to see it all.
  print({ ...facts, wrong, text: inWords(facts, wrong) });
  if (wrong.length > 0) process.exitCode = 1;
}

/** What is set, without what is secret. */
function settings(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const all = Object.entries(SETTINGS).map(([name, { secret, fallback }]: [string, Setting]) => {
    const value = env[name];
    return [name, value ? (secret ? '(set)' : value) : fallback === undefined ? '(not set)' : `${fallback} (default)`];
  });
  return Object.fromEntries(all) as Record<string, string>;
}

function driversOf({ databaseUrl, redisUrl, natsUrl, smtpUrl, s3 }: Config) {
  return {
    database: databaseUrl === undefined ? 'embedded PostgreSQL' : 'PostgreSQL at DATABASE_URL',
    jobs: redisUrl === undefined ? 'PostgreSQL' : 'Redis',
    realtime: natsUrl !== undefined ? 'NATS' : redisUrl !== undefined ? 'Redis' : 'this process',
    mail: smtpUrl === undefined ? 'development mailbox' : 'SMTP',
    objects: s3 === undefined ? 'disk' : 'S3',
    strangersCode: wallInWords(),
  };
}

async function lookAtFFmpeg(): Promise<{ readonly media: string; readonly wrong: readonly string[] }> {
  try {
    const found = await findFFmpeg();
    return { media: [`${ffmpegInWords(found)}.`, slowness(found)].filter(Boolean).join(' '), wrong: [] };
  } catch (error) {
    const { title, detail, fix } = error as { title?: string; detail?: string; fix?: string };
    return { media: 'none', wrong: [[title, detail, fix].filter(Boolean).join(' ')] };
  }
}

async function lookAtDatabase() {
  try {
    return await atPlace(async ({ connections, units, found }) => {
      const { version, pending } = await pendingMigrations(connections.owner, units);
      const wrong =
        pending.length > 0 ? [`${pending.length} migrations are pending. Run "plinth db migrate", or start it.`] : [];
      return { reachable: true, version, pending, wrong, found };
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      reachable: false,
      // What was installed while nodes ran is not known now.
      found: await discoverPlugins(process.cwd()),
      version: 'unknown',
      pending: [],
      wrong: [`The database cannot be reached: ${reason}. Look at DATABASE_URL.`],
    };
  }
}

const LITTLE_SPACE = 2 * 1024 ** 3;

function lookAtDisk(dataDir: string) {
  let place = dataDir;
  while (!existsSync(place)) place = dirname(place);
  const { bavail, bsize } = statfsSync(place);
  const free = bavail * bsize;
  const wrong = free < LITTLE_SPACE ? [`Only ${gigabytes(free)} are free at ${dataDir}. Make room.`] : [];
  return { dataDir, free, wrong };
}

function lookAtPlugins({ plugins, broken }: Discovered) {
  const aside = new Map(broken);
  for (const plugin of plugins) {
    const unsound = validatePlugin(plugin);
    if (unsound.length > 0) aside.set(plugin.header.id, unsound.join('; '));
  }
  const sound = plugins.filter(({ header }) => !aside.has(header.id));
  return {
    found: sound.map(({ header }) => `${header.id} ${header.version}`),
    setAside: Object.fromEntries(aside),
    wrong: [...aside].map(([which, why]) => `The plugin ${which} is set aside: ${why}. See "plinth plugin check".`),
  };
}

type Facts = Readonly<Record<'versions' | 'drivers' | 'settings', Readonly<Record<string, string>>>> & {
  readonly disk: { readonly free: number };
  readonly plugins: { readonly found: readonly string[] };
};

function inWords({ versions, drivers, settings: set, disk, plugins }: Facts, wrong: readonly string[]): string {
  const table = (title: string, rows: Readonly<Record<string, string>>) => [
    title,
    ...Object.entries(rows).map(([name, value]) => `  ${name.padEnd(28)} ${value}`),
  ];
  return [
    ...table('Versions', versions),
    ...table('Drivers', drivers),
    ...table('Settings', set),
    ...table('Here', { 'free disk space': gigabytes(disk.free), plugins: plugins.found.join(', ') || 'none' }),
    '',
    ...(wrong.length > 0 ? wrong : ['Nothing is wrong.']),
  ].join('\n');
}

const gigabytes = (bytes: number): string => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
