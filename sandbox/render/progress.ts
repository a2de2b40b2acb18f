// How far a render is, from what FFmpeg says of the frames that it has encoded.
import type { Readable } from 'node:stream';

export interface Progress {
  readonly frame: number;
  readonly frames: number;
  /** Frames a second so far. */
  readonly fps: number;
  readonly secondsLeft: number;
}

/** Reads what `-progress` writes; answers how many frames were encoded in all. */
export async function followProgress(
  from: Readable,
  frames: number,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  const began = performance.now();
  const { frame: last } = await followReports(from, ({ frame }, before) => {
    if (frame === before.frame) return;
    const fps = (1000 * frame) / (performance.now() - began);
    onProgress({ frame, frames, fps, secondsLeft: Math.max(0, frames - frame) / fps });
  });
  return last;
}

/** What has been encoded: frames of the first video, and seconds. */
export interface Report {
  readonly frame: number;
  readonly seconds: number;
}

/** The same for whatever is encoded; answers the last report. */
export async function followReports(
  from: Readable,
  onReport: (report: Report, before: Report) => void,
): Promise<Report> {
  let rest = '';
  let report: Report = { frame: 0, seconds: 0 };
  // Killed, its pipe may end with an error: how it ended is told by its exit.
  from.on('error', () => {});
  for await (const part of from.setEncoding('utf8')) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    const before = report;
    for (const line of lines) report = { ...report, ...readLine(line) };
    onReport(report, before);
  }
  return report;
}

function readLine(line: string): Partial<Report> {
  const [key = '', value] = line.split('=');
  if (key === 'frame') return { frame: Number(value) || 0 };
  // In microseconds, or "N/A".
  return key === 'out_time_us' && Number(value) > 0 ? { seconds: Number(value) / 1e6 } : {};
}
