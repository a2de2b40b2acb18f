// Holds every committed manifest.json against the plugin it is derived from; `--write` writes them anew.
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { manifestOf, type Plugin } from '@plinth/sdk';

const root = join(import.meta.dirname, '..');
const write = process.argv.includes('--write');

for (const file of globSync('{plugins,examples}/*/plugin.ts', { cwd: root }).sort()) {
  const { default: plugin } = (await import(pathToFileURL(join(root, file)).href)) as { default: Plugin };
  const committed = join(dirname(file), 'manifest.json');
  const derived = `${JSON.stringify(manifestOf(plugin), undefined, 2)}\n`;
  if (existsSync(join(root, committed)) && readFileSync(join(root, committed), 'utf8') === derived) continue;
  if (write) writeFileSync(join(root, committed), derived);
  else process.exitCode = 1;
  process.stdout.write(`${committed} ${write ? 'is written' : 'is not what the code says; npm run check -- --fix'}\n`);
}
