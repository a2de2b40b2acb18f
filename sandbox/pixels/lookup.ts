// What costs one look per channel: tables, and what can be made one.
import type { ChannelTables, LookupTable } from '@plinth/sdk/effect.ts';
import type { Area } from './area.ts';
import { numbersOf } from './given.ts';

const VALUES = 256;
const WHERE = 'lookup(table)';
/** The four tables one after the other, each value already in its channel's place. */
const packed = new Int32Array(4 * VALUES);
const table = new Uint8ClampedArray(VALUES);

export function lookup(area: Area, given: LookupTable | ChannelTables): void {
  pack(given);
  for (let y = 0, row = area.start; y < area.height; y++, row += area.stride)
    lookupRow(area.words, row, row + area.width);
}

/** A row is a function of its own: V8 makes good code of what is called often sooner than of what runs for long. */
function lookupRow(words: Int32Array, start: number, end: number): void {
  for (let at = start; at < end; at++) {
    const pixel = words[at] ?? 0;
    words[at] =
      (packed[pixel & 255] ?? 0) |
      (packed[256 + ((pixel >>> 8) & 255)] ?? 0) |
      (packed[512 + ((pixel >>> 16) & 255)] ?? 0) |
      (packed[768 + (pixel >>> 24)] ?? 0);
  }
}

function pack(given: LookupTable | ChannelTables): void {
  const isOne = typeof given === 'object' && given !== null && 'length' in given;
  const { r, g, b, a } = (isOne ? { r: given, g: given, b: given } : (given ?? {})) as ChannelTables;
  for (const [channel, one] of [r, g, b, a].entries()) {
    if (one === undefined) for (let value = 0; value < VALUES; value++) table[value] = value;
    else table.set(numbersOf(WHERE, isOne ? 'table' : `table.${'rgba'[channel]}`, one, [VALUES]));
    for (let value = 0; value < VALUES; value++)
      packed[channel * VALUES + value] = (table[value] ?? 0) << (channel * 8);
  }
}
