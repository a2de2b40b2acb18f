// The wall around a child: what it is started with, and through which programs, so that code which escapes its
// isolate finds nothing, reaches nobody and cannot stay.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FALLBACK_FONTS } from '../draw/fallback-fonts.ts';
import { OPEN_FILES, PROCESS_MB, STACK_KB, WASM_PAGES } from '../limits.ts';
import { snapshotDirectory } from '../python/directory.ts';
import { compiledSources } from './compiled-sources.ts';

/**
 * `bubblewrap`: its own view of files, users, processes and network, none of them the host's. `reduced`: no environment,
 * no rights beyond reading our own files, where bubblewrap is missing or not allowed; the network stays in reach.
 */
export type WallKind = 'bubblewrap' | 'reduced';

export interface Wall {
  readonly kind: WallKind;
  /** Whether the size of a process is bounded by the system. */
  readonly bounded: boolean;
  /** Why it is not the better one. */
  readonly because?: string;
}

const sandbox = fileURLToPath(new URL('..', import.meta.url));
const ROOT = '/plinth';
const CODE = join(ROOT, 'code');

let found: Wall | undefined;

/** Tried once: running it is the only honest test, as the system may forbid namespaces. */
export function findWall(): Wall {
  found ??= tryWalls();
  return found;
}

/** For whoever looks after a node. */
export function wallInWords({ kind, because }: Wall = findWall()): string {
  return because === undefined ? `behind ${kind}` : `behind the ${kind} wall: ${because}`;
}

function tryWalls(): Wall {
  const bounded = spawnSync('prlimit', ['--version']).status === 0;
  if (process.platform !== 'linux') return { kind: 'reduced', bounded, because: 'bubblewrap needs Linux' };
  const { status, stderr, error } = spawnSync('bwrap', [...apart(), ...systemLibraries(), '/usr/bin/true'], {
    encoding: 'utf8',
  });
  if (status === 0) return { kind: 'bubblewrap', bounded };
  return { kind: 'reduced', bounded, because: error ? 'bubblewrap is not installed' : stderr.trim() };
}

export interface Start {
  readonly file: string;
  readonly args: string[];
  readonly env: Record<string, string>;
  /** The first of a group: it is killed with all of it. */
  readonly detached: true;
  readonly uid?: number;
  readonly gid?: number;
}

/** What runs behind the wall: the child of calls, the child of one render, what makes Python's snapshot, or draws text. */
export type Entry =
  | 'child/main.ts'
  | 'child/render.ts'
  | 'child/snapshot.ts'
  | 'child/mark.ts'
  | 'child/compile-sources.ts';

/**
 * How to start a child behind the wall. `ipc` is the descriptor on which it talks to us, `snapshots` where Python's are:
 * the child's first argument says where it sees them.
 */
export function startOf(
  wall: Wall,
  ipc: number | undefined,
  entry: Entry = 'child/main.ts',
  snapshots: string = snapshotDirectory(),
  code: Code | undefined = codeFor(wall, snapshots),
): Start {
  // Without a shared heap, which a fault in one isolate could reach; memory for WebAssembly only as Python needs it.
  const flags = [
    ...['--no-node-snapshot', `--wasm-max-mem-pages=${WASM_PAGES}`, `--stack-size=${STACK_KB}`],
    '--disable-warning=ExperimentalWarning',
  ];
  const limits = wall.bounded
    ? ['prlimit', `--data=${PROCESS_MB * 1024 * 1024}`, '--core=0', `--nofile=${OPEN_FILES}`, '--']
    : [];
  const command =
    wall.kind === 'bubblewrap'
      ? [
          'bwrap',
          ...apart(),
          ...systemLibraries(),
          ...ours(),
          ...['--ro-bind', snapshots, join(ROOT, 'snapshots')],
          ...(code ? [code.writable ? '--bind' : '--ro-bind', code.directory, CODE] : []),
          ...(code ? ['--setenv', 'NODE_COMPILE_CACHE', CODE] : []),
          ...(ipc === undefined ? [] : environment(ipc)),
          join(ROOT, 'node'),
          ...flags,
          join(ROOT, 'sandbox', entry),
          join(ROOT, 'snapshots'),
        ]
      : [process.execPath, ...flags, ...permissions(snapshots, entry), join(sandbox, entry), snapshots];
  const [file = '', ...args] = [...limits, ...command];
  const nobody = wall.kind === 'reduced' && process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  return {
    file,
    args,
    env: wall.kind === 'reduced' ? {} : { PATH: process.env.PATH ?? '/usr/bin:/bin' },
    detached: true,
    ...nobody,
  };
}

/** What Node made of our sources; it makes it where it may write. */
interface Code {
  readonly directory: string;
  readonly writable?: boolean;
}

/** Node's own wall keeps Node from reading it. */
function codeFor(wall: Wall, snapshots: string): Code | undefined {
  if (wall.kind === 'reduced') return undefined;
  const directory = compiledSources(sandbox, (made) => {
    const code = { directory: made, writable: true };
    const { file, args, ...options } = startOf(wall, undefined, 'child/compile-sources.ts', snapshots, code);
    return spawn(file, args, { ...options, cwd: '/', stdio: 'ignore' });
  });
  return directory === undefined ? undefined : { directory };
}

/** bubblewrap's part that takes everything away. */
export function apart(): string[] {
  const unshared = ['--unshare-all', '--die-with-parent', '--new-session', '--clearenv', '--hostname', 'plinth'];
  return [...unshared, '--uid', '65534', '--gid', '65534', '--cap-drop', 'ALL', '--proc', '/proc', '--dev', '/dev'];
}

/** The system's libraries, to read: neither its settings nor its programs' data. */
export function systemLibraries(): string[] {
  const there = ['/usr/lib', '/usr/lib64', '/lib', '/lib64', '/usr/bin/true'].filter((path) => existsSync(path));
  return there.flatMap((path) => ['--ro-bind', path, path]);
}

/** Of ours only what the child runs on. */
function ours(): string[] {
  const require = createRequire(import.meta.url);
  const packages = CHILD_NEEDS.map((name) => [name, packageOf(require, name)] as const);
  return [
    ...['--ro-bind', process.execPath, join(ROOT, 'node')],
    ...['--ro-bind', sandbox, join(ROOT, 'sandbox')],
    ...packages.flatMap(([name, path]) => (path ? ['--ro-bind', path, join(ROOT, 'node_modules', name)] : [])),
  ];
}

/** Pictures come from Skia, built for each system as a package of its own. */
const SKIA = ['linux-x64-gnu', 'linux-x64-musl', 'linux-arm64-gnu', 'linux-arm64-musl'].map(
  (system) => `@napi-rs/canvas-${system}`,
);
const FAMILIES = ['inter', 'jetbrains-mono', 'oswald', 'source-serif-4'].map((name) => `@fontsource/${name}`);
const FONTS = [...FAMILIES, ...FALLBACK_FONTS.map((font) => font.package)];
const CHILD_NEEDS = ['isolated-vm', 'node-gyp-build', 'pyodide', '@napi-rs/canvas', ...SKIA, ...FONTS];

function packageOf(require: NodeJS.Require, name: string): string | undefined {
  try {
    return dirname(require.resolve(`${name}/package.json`));
  } catch {
    return undefined;
  }
}

function environment(ipc: number): string[] {
  return ['--setenv', 'NODE_CHANNEL_FD', `${ipc}`, '--setenv', 'NODE_CHANNEL_SERIALIZATION_MODE', 'json'];
}

/** Node's own wall: reading our files is all it may do. */
function permissions(snapshots: string, entry: Entry): string[] {
  const modules = dirname(dirname(createRequire(import.meta.url).resolve('isolated-vm/package.json')));
  // The first is where the loader of native parts looks for what system this is.
  const readable = ['/etc/alpine-release', '/proc/self/schedstat', `${sandbox}*`, `${modules}/*`, `${snapshots}/*`];
  // Where strangers' code runs, a thread watches over the other.
  const threads = entry === 'child/snapshot.ts' ? [] : ['--allow-worker'];
  return ['--permission', '--allow-addons', ...threads, ...readable.map((paths) => `--allow-fs-read=${paths}`)];
}
