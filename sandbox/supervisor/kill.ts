import type { ChildProcess } from 'node:child_process';

/**
 * Kills a process that was started as the first of its group, with all that is still in that group. bubblewrap is two
 * processes, the inner of which waits for the outer: killed within its first milliseconds, the outer one alone would leave
 * the other behind for ever, with our pipes in its hands.
 */
export function killWhole(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has just ended, or this system has no groups.
    child.kill('SIGKILL');
  }
}
