import { readFileSync, writeFileSync } from 'node:fs';

let base = 0;

/** From here on the peak counts anew, where the system lets us. */
export function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5');
  } catch {
    // Then the peak is that of the process so far.
  }
  base = highWater();
}

/** Bytes that were needed at once since `forgetPeak`. */
export function peakMemory(): number {
  return Math.max(0, highWater() - base);
}

function highWater(): number {
  try {
    const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return Number(kilobytes) * 1024;
  } catch {
    return process.memoryUsage.rss();
  }
}
