// FFmpeg reads what strangers upload, so it runs like strangers' code: behind bubblewrap, without environment, network or
// any file but the ones it is given, within limits, and killed from outside when its time is over.
import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { killWhole } from '../supervisor/kill.ts';
import { apart, findWall, systemLibraries, type WallKind } from '../supervisor/wall.ts';
import type { HostFiles } from './wasm/host-files.ts';
import { bound, isScript, permitted } from './wasm/start.ts';

export interface Jail {
  readonly kind: WallKind;
  /** Whether time, memory and files are bounded by the system. */
  readonly bounded: boolean;
  /** What starts it without a network, where bubblewrap does not. Empty: the network stays in reach. */
  readonly offline: readonly string[];
}

/** What a file is called inside. */
export interface Place {
  input(index: number): string;
  output(name: string): string;
}

export interface Bounds {
  readonly wallMs: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
  /** Of a file it writes. */
  readonly fileMb: number;
}

export interface JailedRun {
  /** The program's file. */
  readonly program: string;
  readonly args: (place: Place) => readonly string[];
  /** The only files it can read. */
  readonly reads?: readonly string[];
  /** The only directory it can write. */
  readonly writes?: string;
  /** Descriptors of ours that become its input and output; its output is piped to us if absent. */
  readonly stdin?: number;
  readonly stdout?: number | 'pipe' | 'ignore';
  readonly bounds: Bounds;
  readonly signal?: AbortSignal;
}

export interface JailedEnd {
  readonly code: number | undefined;
  /** Killed because its time was over. */
  readonly late: boolean;
  /** The last it said. */
  readonly words: string;
}

export interface Jailed {
  readonly stdout: Readable | undefined;
  /** Its fourth descriptor: what FFmpeg says of its progress. */
  readonly progress: Readable;
  /** Never rejects, and comes when nothing of it holds its pipes any more. */
  readonly ended: Promise<JailedEnd>;
  kill(): void;
}

let found: Jail | undefined;

export function findJail(): Jail {
  found ??= tryJails();
  return found;
}

function tryJails(): Jail {
  const { kind, bounded } = findWall();
  return { kind, bounded, offline: kind === 'bubblewrap' ? [] : withoutNetwork() };
}

/** The way without bubblewrap: still no network where the system lets us have one of our own. */
export function withoutNetwork(): readonly string[] {
  const ways = [
    ['unshare', '--map-root-user', '--net', '--'],
    ['unshare', '--net', '--'],
  ];
  return ways.find(([program = '', ...args]) => spawnSync(program, [...args, 'true']).status === 0) ?? [];
}

/**
 * Starts FFmpeg or ffprobe in its jail.
 *
 * @example
 * const { ended } = startJailed({ program: ffmpeg, reads: [clip], args: ({ input }) => ['-i', input(0), …], bounds });
 */
export function startJailed(run: JailedRun, jail: Jail = findJail()): Jailed {
  const [file = '', ...args] = commandOf(run, jail);
  const stdio: StdioOptions = [run.stdin ?? 'ignore', run.stdout ?? 'ignore', 'pipe', 'pipe'];
  // bubblewrap and its like are found on the path, and clear the environment for what they start.
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const child = spawn(file, args, { stdio, cwd: '/', env, detached: true });
  const kill = () => killWhole(child);
  const ended = endOf(child, run, kill);
  return { stdout: child.stdout ?? undefined, progress: child.stdio[3] as Readable, ended, kill };
}

function endOf(child: ChildProcess, { bounds, signal }: JailedRun, kill: () => void): Promise<JailedEnd> {
  let [words, late] = ['', false];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    words = `${words}${text}`.slice(-LAST_WORDS);
  });
  const watchdog = setTimeout(() => {
    late = true;
    kill();
  }, bounds.wallMs);
  signal?.addEventListener('abort', kill);
  if (signal?.aborted) kill();
  return new Promise((resolve) => {
    const end = (code: number | null, said = words) => {
      clearTimeout(watchdog);
      signal?.removeEventListener('abort', kill);
      resolve({ code: code ?? undefined, late, words: said.trim() });
    };
    child.on('error', (error) => end(null, error.message));
    child.on('close', (code) => end(code));
  });
}

const LAST_WORDS = 4_000;

function commandOf(run: JailedRun, jail: Jail): string[] {
  const limits = jail.bounded ? ['prlimit', ...limitsOf(run), '--'] : [];
  const reads = (run.reads ?? []).map((path) => realpathSync(path));
  const writes = run.writes === undefined ? {} : { writes: realpathSync(run.writes) };
  return jail.kind === 'bubblewrap'
    ? [...limits, ...inBubblewrap(run, reads, writes)]
    : [...limits, ...jail.offline, 'env', '-i', ...inTheOpen(run, reads, writes)];
}

/** Inside, and to scripts of ours everywhere, files have the same names. */
const INSIDE: Place = { input: (index) => `/in/${index}`, output: (name) => join('/out', name) };

function inBubblewrap({ program, args }: JailedRun, reads: readonly string[], { writes }: Written): string[] {
  // The program keeps its name: some look at it.
  const native = { binds: ['--ro-bind', realpathSync(program), join('/', basename(program))] };
  const seen = { reads: reads.map((_, index) => INSIDE.input(index)), ...(writes ? { writes: '/out' } : {}) };
  const { binds, command } = isScript(program)
    ? bound(program, seen)
    : { ...native, command: [join('/', basename(program))] };
  return [
    ...['bwrap', ...apart(), ...systemLibraries(), ...linkedLibraries(), ...binds],
    ...reads.flatMap((path, index) => ['--ro-bind', path, INSIDE.input(index)]),
    ...(writes ? ['--bind', writes, '/out'] : []),
    ...['--chdir', '/', ...command, ...args(INSIDE)],
  ];
}

function inTheOpen({ program, args }: JailedRun, reads: readonly string[], written: Written): string[] {
  if (isScript(program)) return [...permitted(program, { reads, ...written }), ...args(INSIDE)];
  const place = {
    input: (index: number) => `file:${reads[index]}`,
    output: (name: string) => `file:${join(written.writes ?? '/nonexistent', name)}`,
  };
  return [program, ...args(place)];
}

type Written = Pick<HostFiles, 'writes'>;

function limitsOf({ program, bounds: { cpuSeconds, memoryMb, fileMb } }: JailedRun): string[] {
  const bytes = (mb: number) => Math.ceil(mb * 1024 * 1024);
  // WebAssembly reserves far more addresses than it uses: what counts there is what is written to.
  const memory = isScript(program) ? '--data' : '--as';
  return [
    ...[`--cpu=${Math.ceil(cpuSeconds)}`, `${memory}=${bytes(memoryMb)}`, `--fsize=${bytes(fileMb)}`],
    ...['--core=0', '--nofile=64'],
  ];
}

/** Debian finds some of FFmpeg's libraries through these. */
function linkedLibraries(): string[] {
  const there = ['/etc/alternatives', '/etc/ld.so.cache', '/usr/local/lib'];
  return there.flatMap((path) => ['--ro-bind-try', path, path]);
}
