// What each frame draws, kept from the first pass, so that no frame is played twice and no drawing made twice.
import { around, type Box, sameList, surveyOf } from '../draw/bounds.ts';
import type { Images } from '../draw/raster.ts';
import { type Rows, withRows } from '../draw/rows.ts';
import { NEEDS_PIXELS } from '../effect/inside.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import { KEPT_LIST_BYTES } from '../limits.ts';
import type { Seen } from '../render/protocol.ts';

/** What a frame draws. The same object for frames that draw the same. */
export interface Drawn {
  readonly list: Float64Array;
  /** What the list names by number. */
  readonly strings: readonly string[];
  readonly images: Images;
}
/** What a string takes beside its characters. */
const STRING_BYTES = 32;
const NOTHING: Drawn = { list: new Float64Array(0), strings: [], images: new Map() };

export class Lists {
  readonly #player: FramePlayer;
  readonly #first: number;
  readonly #images: Images;
  /** By frame: its list, that it looks at pixels, or nothing where there was no room to keep it. */
  readonly #frames: (Drawn | 'pixels' | undefined)[] = [];
  #last: Drawn = NOTHING;
  #lastBlends = false;
  #table: { readonly strings: readonly string[]; counted: number } = { strings: [], counted: 0 };
  #bytes = 0;
  #counts = { pixelFrames: 0, drawnFrames: 0, drawings: 0, blendFrames: 0 };
  #box: Box | undefined;
  #rows: readonly Rows[] = [];

  /** `first`: the frame with which it begins. */
  constructor(player: FramePlayer, first: number, images: Images) {
    this.#player = player;
    this.#images = images;
    this.#first = first;
  }

  /** Plays the next frame, without a picture. */
  look(width: number, height: number): void {
    const length = this.#player.frame(this.#first + this.#frames.length);
    if (length === NEEDS_PIXELS) {
      this.#counts.pixelFrames++;
      this.#frames.push('pixels');
      return;
    }
    const drawn = this.#played(length);
    if (drawn !== this.#last) this.#survey(drawn, width, height);
    if (length > 0) this.#counts.drawnFrames++;
    if (this.#lastBlends) this.#counts.blendFrames++;
    this.#frames.push(this.#bytes > KEPT_LIST_BYTES ? undefined : drawn);
  }

  #survey(drawn: Drawn, width: number, height: number): void {
    const { list, strings } = drawn;
    const { box, rows, blends } = surveyOf(list, list.length, strings, width, height);
    this.#counts.drawings += list.length > 0 ? 1 : 0;
    this.#box = around(this.#box, box);
    this.#rows = rows.reduce(withRows, this.#rows);
    this.#bytes += list.byteLength + this.#bytesOf(strings);
    [this.#last, this.#lastBlends] = [drawn, blends];
  }

  /** Of the strings that came since the last time: a table is kept as long as a list that goes with it. */
  #bytesOf(strings: readonly string[]): number {
    if (strings !== this.#table.strings) this.#table = { strings, counted: 0 };
    const fresh = strings.slice(this.#table.counted);
    this.#table.counted = strings.length;
    return fresh.reduce((sum, one) => sum + 2 * one.length + STRING_BYTES, 0);
  }

  /** Its own copy, or the one before where that is the same. */
  #played(length: number): Drawn {
    const [shared, strings] = [this.#player.list.subarray(0, length), this.#player.strings()];
    if (length === 0) return this.#last.list.length === 0 ? this.#last : NOTHING;
    const same = strings === this.#last.strings && sameList(shared, this.#last.list);
    return same ? this.#last : { list: shared.slice(), strings, images: this.#images };
  }

  get seen(): Seen {
    return { frames: this.#frames.length, ...this.#counts, ...(this.#box ? { box: this.#box, rows: this.#rows } : {}) };
  }

  needsPixels(index: number): boolean {
    return this.#frames[index - this.#first] === 'pixels';
  }

  /** What a frame that looks at no pixels draws. */
  of(index: number): Drawn {
    const kept = this.#frames[index - this.#first];
    if (typeof kept === 'object') return kept;
    // A frame follows from its number: playing it again gives the same list.
    this.#last = this.#played(this.#player.frame(index));
    return this.#last;
  }
}
