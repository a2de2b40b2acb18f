// The part of Emscripten's file system that is used here: it is asked by FFmpeg, and answers from what we give it.

export interface Node {
  readonly id: number;
  readonly mode: number;
  node_ops: object;
  stream_ops: object;
}

export interface Stream<N extends Node = Node> {
  readonly node: N;
  readonly flags: number;
  readonly position: number;
}

/** Reads or writes at a position, and answers how much. */
export type Transfer<S extends Stream = Stream> = (
  stream: S,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
) => number;

export interface FileSystem {
  readonly ErrnoError: new (errno: number) => Error;
  createNode(parent: Node | null, name: string, mode: number, device: number): Node;
  createStream(stream: object, descriptor: number): void;
  lookupPath(path: string): { readonly node: Node };
  makedev(major: number, minor: number): number;
  mkdev(path: string, mode: number, device: number): Node;
  mkdir(path: string): void;
  mount(type: { mount(): Node }, options: object, at: string): void;
}

/** Emscripten's numbers, which are WASI's and not the system's. */
const ERRNO: Readonly<Record<string, number>> = { EACCES: 2, EFBIG: 22, ENOENT: 44, ENOSPC: 51, EPERM: 63, EPIPE: 64 };
const EIO = 29;

/** Does something on the system's side, and says what fails there as FFmpeg knows it. */
export function onHost<T>({ ErrnoError }: FileSystem, act: () => T): T {
  try {
    return act();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new ErrnoError(ERRNO[code] ?? EIO);
  }
}

export function notFound({ ErrnoError }: FileSystem): never {
  throw new ErrnoError(ERRNO.ENOENT ?? EIO);
}
