// The programs that tests need from the system: listed in scripts/system.json, installed with apt where that is allowed.
import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root, say } from './place.mjs';

/** Answers the parts that are still missing afterwards. */
export function ensureSystemParts(tier) {
  const { parts } = JSON.parse(readFileSync(join(root, 'scripts', 'system.json'), 'utf8'));
  const wanted = parts.filter((part) => part.tier === 'test' || part.tier === tier);
  const missing = wanted.filter(isMissing);
  if (missing.length === 0) return [];
  const apt = aptGet();
  if (apt) {
    say(`Installing ${missing.map((part) => part.name).join(', ')} with apt …`);
    runApt(apt, ['update', '-qq']);
    runApt(apt, [
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      ...missing.flatMap((part) => part.package.split(' ')),
    ]);
  }
  return missing.filter(isMissing);
}

export function nameMissing(missing) {
  for (const { name, package: pkg, why } of missing)
    say(`${name} is missing, which the tests need for ${why} (apt-get install ${pkg}).`);
}

const SBIN = ['/usr/sbin', '/usr/local/sbin', '/usr/bin'];

function isMissing({ binary }) {
  return ![...(process.env.PATH ?? '').split(delimiter), ...SBIN].some((directory) =>
    isExecutable(join(directory, binary)),
  );
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** How apt may be called here: as root, or through a sudo that asks nothing. */
function aptGet() {
  if (isMissing({ binary: 'apt-get' })) return undefined;
  if (process.getuid?.() === 0) return ['apt-get'];
  const sudo = ['sudo', '-n', 'apt-get'];
  return spawnSync('sudo', ['-n', 'true']).status === 0 ? sudo : undefined;
}

function runApt([command, ...before], args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, stderr } = spawnSync(command, [...before, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) say(`"apt-get ${args.join(' ')}" failed: ${(stderr ?? '').trim().split('\n').slice(-3).join(' ')}`);
}
