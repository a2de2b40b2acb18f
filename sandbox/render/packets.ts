// A file's own list of its pictures: when each is shown, as its packets say.
import { renderErrors } from './errors.ts';
import { fractionOf, rateOf } from './fraction.ts';
import { isStreamed } from './input.ts';
import type { JailedEnd } from './jail.ts';
import type { ProbedStream } from './streams.ts';

export interface Index {
  /** Seconds, rising. */
  readonly shown: readonly number[];
  /** How long the last one stays, where that is said. */
  readonly last: number | undefined;
  /** The file ended before its index did. */
  readonly broken: boolean;
}

export interface Listed {
  readonly output: string;
  readonly end: JailedEnd;
}

/** What FFmpeg takes for a jump, in seconds, where recordings may have been put one behind the other. */
const JUMPS = { forth: 10, back: 0.1 };

export const LISTED = 'packet=stream_index,pts,dts,duration,flags';

export function indexOf({ output, end }: Listed, { index, time_base }: ProbedStream, container = ''): Index {
  const tick = rateOf(fractionOf(time_base) ?? { num: 1, den: 1000 });
  const packets = packetsIn(output, index ?? 0);
  const shown = timesIn(isStreamed({ container }) ? joined(packets, tick) : packets);
  if (shown.length === 0) throw renderErrors.damaged({ detail: 'It is empty.' });
  const stays = (shown.at(-1)?.stays ?? 0) * tick;
  const broken = end.code !== 0 || /partial file|[Tt]runcat/.test(end.words);
  return { shown: shown.map(({ at }) => at * tick), last: stays > 0 ? stays : undefined, broken };
}

/** In ticks, as they stand in the file; what is not said is no number. */
interface Packet {
  readonly pts: number;
  readonly dts: number;
  readonly stays: number;
}

function packetsIn(output: string, stream: number): Packet[] {
  return output.split('\n').flatMap((line) => {
    const entry = new Map(line.split('|').map((part) => part.split('=') as [string, string]));
    // What an edit list hides is decoded, but never shown.
    const hidden = entry.get('flags')?.includes('D') ?? false;
    if (Number(entry.get('stream_index')) !== stream || hidden) return [];
    return [{ pts: Number(entry.get('pts')), dts: Number(entry.get('dts')), stays: Number(entry.get('duration')) }];
  });
}

/** Without the jumps, which FFmpeg takes out as well. */
function joined(packets: readonly Packet[], tick: number): Packet[] {
  let [offset, expected, latest] = [0, Number.NaN, Number.NEGATIVE_INFINITY];
  return packets.map(({ pts, dts, stays }) => {
    const delta = (dts + offset - expected) * tick;
    if (delta > JUMPS.forth || (dts + offset - latest) * tick < -JUMPS.back) offset -= Math.round(delta / tick);
    const moved = { pts: pts + offset, dts: dts + offset, stays };
    if (!Number.isNaN(dts)) expected = moved.dts + (stays || 0);
    latest = Math.max(latest, moved.pts || latest, moved.dts || latest);
    return moved;
  });
}

/** Where only decoding times are said, pictures are shown as long after those as the others are. */
function timesIn(packets: readonly Packet[]): { readonly at: number; readonly stays: number }[] {
  const delays = packets.map(({ pts, dts }) => pts - dts).filter((delay) => !Number.isNaN(delay));
  const usual = delays.sort((a, b) => a - b)[delays.length >> 1] ?? 0;
  return packets
    .map(({ pts, dts, stays }) => ({ at: Number.isNaN(pts) ? dts + usual : pts, stays }))
    .filter(({ at }) => !Number.isNaN(at))
    .sort((a, b) => a.at - b.at);
}
