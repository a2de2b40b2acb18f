// What can be known of a process from outside, and files that may vanish while they are read.
import { readFileSync } from 'node:fs';

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Clock ticks since boot, where /proc tells: a process id is soon used again inside a container. */
export function startTime(pid: number): string | undefined {
  return readIfThere(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ')[19];
}

export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
}
