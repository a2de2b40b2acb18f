// Which function of a program kept an isolate busy, from V8's own samples of where it was.
import type ivm from 'isolated-vm';
import type { Busy } from '../supervisor/protocol.ts';

const TITLE = 'plinth';

/** Runs something that enters the isolate, and answers which function of `file` it spent most time in itself. */
export async function busiest(isolate: ivm.Isolate, file: string, run: () => void): Promise<Busy | undefined> {
  isolate.startCpuProfiler(TITLE);
  try {
    run();
  } catch {
    // It is stopped this time as well.
  }
  if (isolate.isDisposed) return undefined;
  const own = new Map<string, Busy>();
  for (const { profile } of await isolate.stopCpuProfiler(TITLE)) {
    const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame as unknown as CallFrame]));
    for (const [at, node] of profile.samples.entries()) {
      const { url, functionName: name, lineNumber: line, columnNumber: column } = frames.get(node) ?? NOWHERE;
      if (url !== file) continue;
      const ms = ((profile.timeDeltas[at] ?? 0) - (profile.timeDeltas[at - 1] ?? 0)) / 1000;
      const key = `${line}:${column}`;
      own.set(key, { name, line, column, ms: ms + (own.get(key)?.ms ?? 0) });
    }
  }
  return [...own.values()].reduce<Busy | undefined>((most, one) => (one.ms > (most?.ms ?? 0) ? one : most), undefined);
}

/** As it is; the package's types misspell one of its names. */
interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

const NOWHERE: CallFrame = { functionName: '', url: '', lineNumber: 0, columnNumber: 0 };
