// The processors' time of this process and of all that it starts, whatever becomes of them: a group of the system's counts
// it, as processes behind a wall are nobody's children in the end. Only where we may make such a group.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';

/** Answers the seconds so far; nothing where the system does not let us count. */
export function countCpu(): (() => number) | undefined {
  const ways = [
    { root: '/sys/fs/cgroup/cpuacct', file: 'cpuacct.usage', seconds: (text: string) => Number(text) / 1e9 },
    {
      root: '/sys/fs/cgroup',
      file: 'cpu.stat',
      seconds: (text: string) => Number(/usage_usec (\d+)/.exec(text)?.[1]) / 1e6,
    },
  ];
  for (const { root, file, seconds } of ways) {
    const group = `${root}/plinth-bench-${process.pid}`;
    try {
      mkdirSync(group);
      const read = () => seconds(readFileSync(`${group}/${file}`, 'utf8'));
      writeFileSync(`${group}/cgroup.procs`, String(process.pid));
      process.on('exit', () => leave(root, group));
      if (Number.isFinite(read())) return read;
    } catch {
      // Not here; the next.
    }
  }
  return undefined;
}

function leave(root: string, group: string): void {
  try {
    writeFileSync(`${root}/cgroup.procs`, String(process.pid));
    rmdirSync(group);
  } catch {
    // What we started is still in it; an empty group costs nothing.
  }
}
