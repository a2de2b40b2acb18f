// Holds the generated pages of docs/reference against the sources they are made from; `--write` writes them anew.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { configurationReference } from './reference/configuration.ts';
import { contractReference } from './reference/contract.ts';
import { effectReference } from './reference/effect.ts';
import { errorsReference } from './reference/errors.ts';
import { libraryReference } from './reference/library.ts';

const root = join(import.meta.dirname, '..');
const write = process.argv.includes('--write');

const pages = {
  'docs/reference/contract.md': await contractReference(root),
  'docs/reference/configuration.md': configurationReference(),
  'docs/reference/effects.md': effectReference(root),
  'docs/reference/errors.md': await errorsReference(root),
  'docs/reference/library.md': await libraryReference(root),
};

for (const [page, text] of Object.entries(pages)) {
  const file = join(root, page);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  if (write) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else process.exitCode = 1;
  process.stdout.write(`${page} ${write ? 'is written' : 'is out of date; npm run check -- --fix'}\n`);
}
