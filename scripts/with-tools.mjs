// Installs what is missing, then runs a script of ours on the right Node: `node scripts/with-tools.mjs scripts/check.ts`.
import { ensureInstalled } from './setup/install.mjs';
import { run } from './setup/place.mjs';

ensureInstalled({ tools: true });
process.exitCode = run('node', process.argv.slice(2)).code;
