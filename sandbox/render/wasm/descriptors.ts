// The descriptors of the process, as FFmpeg's own: `pipe:0`, `pipe:1` and what it says. Read and written in step, as a
// program does; frames go through them by the megabyte, not by the byte.
import { fstatSync, readSync, writeSync } from 'node:fs';
import { type FileSystem, onHost, type Transfer } from './file-system.ts';

/** Standard input, output and errors, and the one on which it tells its progress. */
const DESCRIPTORS = [0, 1, 2, 3];
const PIPES = 64;

export function attachDescriptors(files: FileSystem): void {
  for (const descriptor of DESCRIPTORS.filter(isOpen)) {
    const path = `/dev/host${descriptor}`;
    const node = files.mkdev(path, 0o666, files.makedev(PIPES, descriptor));
    const stream = { node, path, flags: descriptor === 0 ? 0 : 1, seekable: false, position: 0, ungotten: [] };
    files.createStream({ ...stream, stream_ops: transfersOf(files, descriptor) }, descriptor);
  }
}

function transfersOf(files: FileSystem, descriptor: number): Record<'read' | 'write', Transfer> {
  return {
    read: (_stream, bytes, offset, length) => onHost(files, () => readSync(descriptor, bytes, offset, length, null)),
    write: (_stream, bytes, offset, length) => onHost(files, () => writeSync(descriptor, bytes, offset, length, null)),
  };
}

function isOpen(descriptor: number): boolean {
  try {
    fstatSync(descriptor);
    return true;
  } catch {
    return false;
  }
}
