// The files of the system that FFmpeg sees: those it may read, each by its number, and one directory to write. They are
// read and written where they are: a clip need not fit into memory.
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type FileSystem, type Node, notFound, onHost, type Stream, type Transfer } from './file-system.ts';

export interface HostFiles {
  /** Seen as `/in/0`, `/in/1` … */
  readonly reads?: readonly string[];
  /** Seen as `/out`. */
  readonly writes?: string;
}

interface HostNode extends Node {
  path: string;
}
interface HostStream extends Stream<HostNode> {
  descriptor: number;
}

const [DIRECTORY, READABLE] = [0o40777, 0o100444];
/** Of the flags of an opening: whether it is for writing. */
const WRITES = 3;

export function mountHostFiles(files: FileSystem, { reads = [], writes }: HostFiles): void {
  const inside = mountDirectory(files, '/in');
  for (const [index, path] of reads.entries()) addFile(files, inside, `${index}`, READABLE, path);
  mountDirectory(files, '/out', writes);
}

function mountDirectory(files: FileSystem, at: string, writes?: string): Node {
  const mount = (): Node => {
    const root = files.createNode(null, '/', DIRECTORY, 0);
    root.node_ops = {
      getattr: (node: Node) => attributes(node, 0),
      lookup: () => notFound(files),
      ...(writes === undefined ? {} : { mknod: creator(files, writes) }),
    };
    return root;
  };
  files.mkdir(at);
  files.mount({ mount }, {}, at);
  return files.lookupPath(at).node;
}

/** Makes files in the one directory, and no directories. */
const creator = (files: FileSystem, writes: string) => (parent: Node, name: string, mode: number) => {
  const path = join(writes, name);
  onHost(files, () => closeSync(openSync(path, 'w')));
  return addFile(files, parent, name, mode, path);
};

function addFile(files: FileSystem, parent: Node, name: string, mode: number, path: string): Node {
  return Object.assign(files.createNode(parent, name, mode, 0), {
    path,
    node_ops: {
      getattr: (node: HostNode) => onHost(files, () => attributes(node, statSync(node.path).size)),
      setattr: ({ path: changed }: HostNode, { size }: { size?: number }) => {
        if (size !== undefined) onHost(files, () => truncate(changed, size));
      },
    },
    stream_ops: streamsOf(files),
  });
}

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
