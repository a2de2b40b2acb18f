// `plinth plugin`: what is installed, how that changes while nodes run, and whether a plugin keeps to its contract, as
// far as that can be known without running it. The rest is its tests' to say, with the contract suite.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { manifestOf, type Plugin } from '@plinth/sdk';
import pg from 'pg';
import { kernelMigrations } from '../kernel.ts';
import { type Installation, installSource, removeSource, upgradeSource } from '../plugins/change-sources.ts';
import { writeSource } from '../plugins/sources.ts';
import { validatePlugin } from '../plugins/validate-plugin.ts';
import { errors } from './errors.ts';
import { atPlace, type Place } from './place.ts';
import type { Result, Typed } from './verb.ts';

export async function plugin({ words }: Typed, print: (result: Result) => void): Promise<void> {
  const [action = '', what, ...more] = words;
  const change = Object.hasOwn(CHANGES, action) ? CHANGES[action] : undefined;
  if (more.length > 0) throw errors.wrong_usage({ detail: 'That is one word too many.' });
  if (action === 'list' && what === undefined) print(await atPlace(list));
  else if (action === 'check' && what !== undefined) print(await check(what));
  else if (change && what !== undefined) print(await atPlace((place) => changed(place, change, what)));
  else
    throw errors.wrong_usage({
      detail:
        'Write "plugin list", "plugin check DIR", "plugin install DIR", "plugin upgrade ID" or "plugin remove ID".',
    });
}

type Change = (installation: Installation, what: string) => Promise<Result>;

const CHANGES: Readonly<Record<string, Change>> = {
  install: async (installation, directory) => {
    const done = await installSource(installation, directory);
    return { ...done, text: `${done.id} ${done.version} is installed: every node loads it from ${directory}.` };
  },
  upgrade: async (installation, id) => {
    const done = await upgradeSource(installation, id);
    const { version, directory } = done;
    return { ...done, text: `${id} is now ${version}: every node loads it from ${directory}.` };
  },
  remove: async (installation, id) => {
    const done = await removeSource(installation, id);
    return {
      ...done,
      text: `${id} is removed from every node. Its data stays: install ${done.directory} to have it back.`,
    };
  },
};

async function changed({ connections, found, sources, migrate }: Place, change: Change, what: string): Promise<Result> {
  if (!sources) await migrate(kernelMigrations());
  const installation: Installation = {
    ...{ root: process.cwd(), found, sources: sources ?? [], migrate },
    write: async (source) => {
      const client = new pg.Client(connections.owner);
      await client.connect();
      try {
        await writeSource(client, source);
      } finally {
        await client.end();
      }
    },
  };
  return change(installation, what);
}

async function list({ found: { plugins, broken } }: Place): Promise<Result> {
  const found = plugins.map(({ header: { id, version, title, summary, capabilities = [] } }) => ({
    ...{ id, version, title, summary, capabilities },
  }));
  const lines = [
    ...found.map(({ id, version, summary }) => `${id} ${version}  ${summary}`),
    ...[...broken].map(([file, why]) => `${file} is set aside: ${why}`),
  ];
  return {
    plugins: found,
    setAside: Object.fromEntries(broken),
    text: lines.join('\n') || 'There are no plugins here.',
  };
}

async function check(folder: string): Promise<Result> {
  const file = resolve(folder, 'plugin.ts');
  if (!existsSync(file)) throw errors.file_missing({ detail: `It is ${file}.` });
  const { default: definition } = (await import(pathToFileURL(file).href)) as { default?: Plugin };
  if (!definition?.header) throw errors.plugin_unsound({ detail: 'It does not export a plugin by default.' });
  const { id, version } = definition.header;
  const wrong = [...validatePlugin(definition), ...manifestFaults(definition, resolve(folder))];
  if (wrong.length > 0) throw errors.plugin_unsound({ detail: `${id}: ${wrong.join('; ')}.`, wrong });
  const hints = hintsFor(definition, resolve(folder));
  return { plugin: id, version, hints, text: [`${id} ${version} keeps to the contract.`, ...hints].join('\n') };
}

function manifestFaults(definition: Plugin, folder: string): string[] {
  const file = join(folder, 'manifest.json');
  if (!existsSync(file)) return ['it has no manifest.json'];
  const committed: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const derived: unknown = JSON.parse(JSON.stringify(manifestOf(definition)));
  return isDeepStrictEqual(committed, derived) ? [] : ['its manifest.json says something else than its code'];
}

/** What nobody must mend and most would. */
function hintsFor({ header, contributions }: Plugin, folder: string): string[] {
  const hints: string[] = [];
  if (!existsSync(join(folder, 'README.md'))) hints.push('It has no README.md.');
  if (!existsSync(join(folder, 'test'))) hints.push('It has no tests: call contractSuite in one.');
  const usable = Object.values(header.needs ?? {}).flatMap((need) => {
    const service = need.kind === 'optional' ? need.service : need;
    return service.kind === 'service' ? Object.values(service.methods).map((method) => method.capability) : [];
  });
  for (const capability of header.capabilities ?? [])
    if (!usable.includes(capability) && !capability.startsWith('net:'))
      hints.push(`It asks for "${capability}", which nothing that it needs asks of it.`);
  for (const each of contributions)
    if (each.kind === 'route' && !each.options.summary) hints.push(`${each.method} ${each.path} has no summary.`);
  const tables = header.migrations && dirname(fileURLToPath(header.migrations));
  if (tables && header.collections) hints.push('It keeps both tables and documents: one of them may be enough.');
  return hints;
}
