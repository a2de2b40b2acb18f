// FFmpeg as WebAssembly, run like a program: the same arguments, descriptors, files and exit codes as the real one. So a
// render knows no difference but the time it takes.
import { readFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { attachDescriptors } from './descriptors.ts';
import type { FileSystem } from './file-system.ts';
import { type HostFiles, mountHostFiles } from './host-files.ts';

/** What of `@ffmpeg/core` is used here. It brings no types. */
interface Core {
  readonly FS: FileSystem;
  /** The mains of the two programs: they answer a code, or leave it in `ret` and throw. */
  _ffmpeg(count: number, args: number): number;
  _ffprobe(count: number, args: number): number;
  readonly ret: number;
  stringsToPtr(strings: readonly string[]): number;
  setLogger(log: (said: { readonly message: string }) => void): void;
  setTimeout(ms: number): void;
}
type CreateCore = (options: { readonly wasmBinary: Uint8Array }) => Promise<Core>;

type Program = 'ffmpeg' | 'ffprobe';
/** As after an abortion. */
const BROKEN = 134;

/** Its first argument says which files of ours it sees, the others are FFmpeg's own. */
export async function runAs(program: Program): Promise<void> {
  const [files = '{}', ...args] = process.argv.slice(2);
  const core = await load();
  attachDescriptors(core.FS);
  mountHostFiles(core.FS, JSON.parse(files) as HostFiles);
  core.setLogger(({ message }) => tell(message));
  core.setTimeout(-1);
  process.exitCode = run(core, program, args);
}

function load(): Promise<Core> {
  const require = createRequire(import.meta.url);
  // It takes itself for a browser's worker, and asks where it was loaded from.
  Object.assign(globalThis, { self: { location: { href: '' } } });
  // Its sockets are made of these, and would try for ever.
  Reflect.deleteProperty(globalThis, 'WebSocket');
  const create = require('@ffmpeg/core') as CreateCore;
  return create({ wasmBinary: readFileSync(require.resolve('@ffmpeg/core/wasm')) });
}

/** What FFmpeg says goes through its descriptors: this is the machine under it, which takes every exit for an abortion. */
function tell(message: string): void {
  if (message !== 'Aborted()') writeSync(2, `${message}\n`);
}

function run(core: Core, program: Program, args: readonly string[]): number {
  const words = [program, ...args];
  try {
    return core[`_${program}`](words.length, core.stringsToPtr(words));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    if (message.startsWith('Aborted()')) return core.ret;
    // Its memory ends at 2 GB, and what goes beyond breaks it in many ways.
    tell(`FFmpeg as WebAssembly broke: ${message}`);
    return BROKEN;
  }
}
