// Where things are: the project, and the Node it runs on.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const NEEDED = 24;
const bin = join(root, 'node_modules', '.bin');

/** The user's own Node when it is new enough, else the one that npm installed. */
export function localNode() {
  if (Number.parseInt(process.versions.node, 10) >= NEEDED) return process.execPath;
  const local = join(root, 'node_modules', 'node', 'bin', 'node');
  return existsSync(local) ? local : undefined;
}

/** Runs one of the project's tools (`vitest`, `biome`, a script of ours) on that Node, and answers its exit code. */
export function run(command, args, { quiet = false, env = {} } = {}) {
  const path = [join(root, 'node_modules', 'node', 'bin'), bin, process.env.PATH].join(delimiter);
  const tool = command === 'node' ? localNode() : join(bin, command);
  const { status, stdout, stderr, error } = spawnSync(tool, args, {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    encoding: 'utf8',
    maxBuffer: 1e8,
    stdio: quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  return { code: status ?? 1, output: `${stdout ?? ''}${stderr ?? ''}` };
}

export function say(sentence) {
  process.stderr.write(`${sentence}\n`);
}
