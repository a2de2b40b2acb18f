// The memory snapshot that interpreters start from: made once for what it is made of, and kept.
import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startOf, type Wall } from '../supervisor/wall.ts';
import { isPacked } from './bytes.ts';

const MADE_WITHIN_MS = 120_000;
const OLD_MS = 24 * 60 * 60 * 1000;
const PYODIDE = ['pyodide.asm.js', 'pyodide.asm.wasm', 'pyodide.js', 'pyodide-lock.json', 'python_stdlib.zip'];
const OURS = ['python/shell.ts', 'python/interpreter.ts', 'python/bytes.ts', 'child/bounds.ts', 'child/snapshot.ts'];

const sandbox = fileURLToPath(new URL('..', import.meta.url));
const making = new Map<string, Promise<string>>();

/** The name of the snapshot in the directory, which is made first if it is not there. */
export function snapshotIn(directory: string, wall: Wall): Promise<string> {
  const known = making.get(directory);
  if (known) return known;
  const promise = find(directory, wall);
  making.set(directory, promise);
  promise.catch(() => making.delete(directory));
  return promise;
}

async function find(directory: string, wall: Wall): Promise<string> {
  const name = `${key()}.snapshot`;
  if (existsSync(join(directory, name))) return name;
  const aside = join(directory, `.${name}.${randomUUID()}`);
  try {
    await writeFile(aside, await make(wall, directory), { mode: 0o644 });
    await rename(aside, join(directory, name));
  } finally {
    await rm(aside, { force: true });
  }
  await removeOld(directory, name);
  return name;
}

/** What was made of other bytes, when nobody can be waiting for it any more. */
async function removeOld(directory: string, current: string): Promise<void> {
  const others = (await readdir(directory)).filter((name) => name.includes('.snapshot') && name !== current);
  for (const path of others.map((name) => join(directory, name))) {
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.mtimeMs > OLD_MS) await rm(path, { force: true });
  }
}

/** A snapshot goes with the bytes it was made of, and with no other. */
function key(): string {
  const hash = createHash('sha256');
  const pyodide = dirname(createRequire(import.meta.url).resolve('pyodide/package.json'));
  const lib = readdirSync(join(sandbox, 'python/lib'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.py'),
  );
  const files = [
    ...PYODIDE.map((name) => join(pyodide, name)),
    ...OURS.map((name) => join(sandbox, name)),
    ...lib.sort().map((name) => join(sandbox, 'python/lib', name)),
  ];
  for (const file of files) hash.update(createHash('sha256').update(readFileSync(file)).digest());
  return hash.digest('hex').slice(0, 32);
}

/** In a process of its own, behind the wall like all that runs in an isolate. */
async function make(wall: Wall, directory: string): Promise<Buffer> {
  const { file, args, ...options } = startOf(wall, undefined, 'child/snapshot.ts', directory);
  const child = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const late = setTimeout(() => child.kill('SIGKILL'), MADE_WITHIN_MS);
  const parts: Buffer[] = [];
  let words = '';
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-2_000);
  });
  const how = await new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(signal ?? `exit code ${code}`));
  });
  clearTimeout(late);
  const snapshot = Buffer.concat(parts);
  if (!isPacked(snapshot)) throw new Error(`No snapshot of Python could be made: ${how}. ${words}`.trim());
  return snapshot;
}
