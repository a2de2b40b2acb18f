// Reads files into memory that can be handed over whole, and keeps a snapshot in one.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Snapshot } from './interpreter.ts';

/** As much of a file as is asked for, in memory of its own. */
export function bytesOf(path: string, from = 0, to = Number.POSITIVE_INFINITY): ArrayBuffer {
  const file = openSync(path, 'r');
  try {
    const bytes = new Uint8Array(Math.min(to, fstatSync(file).size) - from);
    for (let at = 0; at < bytes.length; ) {
      const got = readSync(file, bytes, at, bytes.length - at, from + at);
      if (got === 0) throw new Error(`${path} is shorter than it says.`);
      at += got;
    }
    return bytes.buffer;
  } finally {
    closeSync(file);
  }
}

const HEAD = 16;
const MAGIC = 0x706c6e74;

/** One file: how long each part is, the memory, the code. */
export function packed({ memory, code }: Snapshot): Uint8Array {
  const head = new Uint32Array([MAGIC, memory.byteLength, code.byteLength, 0]);
  const whole = new Uint8Array(HEAD + memory.byteLength + code.byteLength);
  whole.set(new Uint8Array(head.buffer));
  whole.set(new Uint8Array(memory), HEAD);
  whole.set(new Uint8Array(code), HEAD + memory.byteLength);
  return whole;
}

/** Whether it is what `packed` made, and all of it. */
export function isPacked(bytes: Uint8Array): boolean {
  const [magic, memory = 0, code = 0] = new Uint32Array(bytes.slice(0, HEAD).buffer);
  return magic === MAGIC && memory > 0 && bytes.length === HEAD + memory + code;
}

export function unpacked(path: string): Snapshot {
  const [, memory = 0] = new Uint32Array(bytesOf(path, 0, HEAD));
  return { memory: bytesOf(path, HEAD, HEAD + memory), code: bytesOf(path, HEAD + memory) };
}
