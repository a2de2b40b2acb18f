// Frames go from process to process without passing through us. Node's own pipes are sockets that never wait; a real FIFO,
// handed over as a descriptor, is read and written in step.
import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Both ends, until they are given away: who keeps one open keeps the other side waiting. */
export interface Fifo {
  readonly read: number;
  readonly write: number;
  closeRead(): void;
  closeWrite(): void;
  close(): void;
}

const run = promisify(execFile);

export async function openFifo(): Promise<Fifo> {
  const directory = await mkdtemp(join(tmpdir(), 'plinth-frames-'));
  try {
    const path = join(directory, 'frames');
    await run('mkfifo', ['-m', '600', path]);
    // Opening an end waits for the other one, unless it is told not to; the end that did not wait is not kept.
    const first = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const write = openSync(path, constants.O_WRONLY);
    const read = openSync(path, constants.O_RDONLY);
    closeSync(first);
    return ends(read, write);
  } finally {
    // Nobody else opens it: the descriptors are all there is.
    await rm(directory, { recursive: true, force: true });
  }
}

function ends(read: number, write: number): Fifo {
  const open = new Set([read, write]);
  const shut = (end: number) => {
    if (open.delete(end)) closeSync(end);
  };
  return {
    read,
    write,
    closeRead: () => shut(read),
    closeWrite: () => shut(write),
    close() {
      shut(read);
      shut(write);
    },
  };
}
