// The files of the system that FFmpeg sees: those it may read, each by its number, and one directory to write. They are
// read and written where they are: a clip need not fit into memory.
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { type FileSystem, type Node, notFound, onHost, type Stream, type Transfer } from './file-system.ts';

export interface HostFiles {
  /** Seen as `/in/0`, `/in/1` … */
  readonly reads?: readonly string[];
  /** Seen as `/out`. */
  readonly writes?: string;
}

interface HostNode extends Node {
  /** Where it really is. */
  path: string;
}
interface HostStream extends Stream<HostNode> {
  descriptor: number;
}

const [KIND, DIRECTORY, FILE] = [0o170000, 0o040777, 0o100666];
/** Of the flags of an opening: whether it is for writing. */
const WRITES = 3;

export function mountHostFiles(files: FileSystem, { reads = [], writes }: HostFiles): void {
  const inside = mountDirectory(files, '/in', {
    getattr: (node: Node) => attributes(node, 0),
    lookup: () => notFound(files),
  });
  for (const [index, path] of reads.entries()) add(files, inside, `${index}`, FILE, path);
  if (writes !== undefined) Object.assign(mountDirectory(files, '/out', directoryOf(files)), { path: writes });
}

function mountDirectory(files: FileSystem, at: string, operations: object): Node {
  const mount = () => Object.assign(files.createNode(null, '/', DIRECTORY, 0), { node_ops: operations });
  files.mkdir(at);
  files.mount({ mount }, {}, at);
  return files.lookupPath(at).node;
}

function add(files: FileSystem, parent: Node, name: string, mode: number, path: string): Node {
  const operations = isDirectory(mode)
    ? { node_ops: directoryOf(files) }
    : { node_ops: fileOf(files), stream_ops: streamsOf(files) };
  return Object.assign(files.createNode(parent, name, mode, 0), { path, ...operations });
}

const isDirectory = (mode: number): boolean => (mode & KIND) === (DIRECTORY & KIND);

function directoryOf(files: FileSystem) {
  const within = (parent: HostNode, name: string) => join(parent.path, name);
  return {
    getattr: (node: Node) => attributes(node, 0),
    lookup(parent: HostNode, name: string): Node {
      const found = onHost(files, () => statSync(within(parent, name)));
      return add(files, parent, name, found.isDirectory() ? DIRECTORY : FILE, within(parent, name));
    },
    mknod(parent: HostNode, name: string, mode: number): Node {
      const path = within(parent, name);
      onHost(files, () => (isDirectory(mode) ? mkdirSync(path) : closeSync(openSync(path, 'w'))));
      return add(files, parent, name, mode, path);
    },
    rename(node: HostNode & { name: string; parent: Node }, parent: HostNode, name: string): void {
      onHost(files, () => renameSync(node.path, within(parent, name)));
      Object.assign(node, { path: within(parent, name), name, parent });
    },
    unlink: (parent: HostNode, name: string) => onHost(files, () => rmSync(within(parent, name))),
  };
}

const fileOf = (files: FileSystem) => ({
  getattr: (node: HostNode) => onHost(files, () => attributes(node, statSync(node.path).size)),
  setattr({ path }: HostNode, { size }: { readonly size?: number }) {
    if (size !== undefined) onHost(files, () => truncate(path, size));
  },
});

type Move = (descriptor: number, bytes: Uint8Array, offset: number, length: number, position: number) => number;

function streamsOf(files: FileSystem) {
  const transfer =
    (move: Move): Transfer<HostStream> =>
    ({ descriptor }, bytes, offset, length, position) =>
      onHost(files, () => move(descriptor, bytes, offset, length, position));
  return {
    open(stream: HostStream) {
      stream.descriptor = onHost(files, () => openSync(stream.node.path, stream.flags & WRITES ? 'r+' : 'r'));
    },
    close: ({ descriptor }: HostStream) => onHost(files, () => closeSync(descriptor)),
    read: transfer(readSync),
    write: transfer(writeSync),
    llseek({ descriptor, position }: HostStream, offset: number, from: 0 | 1 | 2): number {
      return offset + (from === 2 ? fstatSync(descriptor).size : from === 1 ? position : 0);
    },
  };
}

function truncate(path: string, size: number): void {
  const descriptor = openSync(path, 'r+');
  ftruncateSync(descriptor, size);
  closeSync(descriptor);
}

function attributes({ id, mode }: Node, size: number) {
  const never = new Date(0);
  const times = { atime: never, mtime: never, ctime: never };
  const blocks = { blksize: 4_096, blocks: Math.ceil(size / 512) };
  return { dev: 1, ino: id, mode, nlink: 1, uid: 0, gid: 0, rdev: 0, size, ...times, ...blocks };
}
