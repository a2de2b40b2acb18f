// Brings node_modules in line with package-lock.json when it is not. Runs on Node 20, before anything is installed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localNode, root, say } from './place.mjs';

/** `tools`: also what only development needs (types, linter, test runner). */
export function ensureInstalled({ tools, directory = root }) {
  const missing = missingPackages(directory, tools);
  if (missing > 0) install({ directory, tools, missing });
  if (!localNode()) {
    say('Node 24 is missing: the package that brings it was not allowed to run its install script. Allow that');
    say('("npm config set ignore-scripts false", "npm install"), or start with a Node 24 of your own.');
    process.exit(1);
  }
}

/** Compares the lock file with the record npm keeps of what it has installed. */
function missingPackages(directory, tools) {
  const wanted = packagesIn(join(directory, 'package-lock.json'));
  const recordFile = join(directory, 'node_modules', '.package-lock.json');
  const installed = existsSync(recordFile) ? packagesIn(recordFile) : {};
  return Object.entries(wanted).filter(([path, entry]) => {
    if (!path.startsWith('node_modules/') || entry.optional || entry.devOptional) return false;
    if (entry.dev && !tools) return false;
    return installed[path]?.version !== entry.version;
  }).length;
}

const packagesIn = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;

function install({ directory, tools, missing }) {
  const first = !existsSync(join(directory, 'node_modules'));
  say(`Installing ${missing} packages from npm${first ? '; the first time takes a minute' : ''} …`);
  const began = Date.now();
  // Not "npm ci": that pulls everything from under a running server first, and refuses a lock file that lacks another
  // platform's optional binaries. This keeps to the lock file as well, and does not rewrite it.
  const extent = tools ? '--include=dev' : '--omit=dev';
  const args = ['install', '--no-save', extent, '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error, stdout, stderr } = runNpm(args, directory);
  if (status !== 0) {
    process.stderr.write(`${stdout ?? ''}${stderr ?? ''}`);
    say(`"npm ${args.join(' ')}" failed${error ? ` (${error.message})` : ''}. Its last words are above.`);
    process.exit(1);
  }
  say(`Installed in ${Math.round((Date.now() - began) / 1000)} s.`);
}

/** npm tells where it is when it runs us; otherwise it is on the path. */
function runNpm(args, cwd) {
  const npm = process.env.npm_execpath;
  const options = { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e8 };
  return npm?.endsWith('.js') ? spawnSync(process.execPath, [npm, ...args], options) : spawnSync('npm', args, options);
}
