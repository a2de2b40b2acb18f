// What each frame draws, kept from the first pass, so that no frame is played twice and no drawing made twice.
import { around, type Box, boundsOf, sameList } from '../draw/bounds.ts';
import { NEEDS_PIXELS } from '../effect/inside.ts';
import type { FramePlayer } from '../javascript/frame-player.ts';
import { KEPT_LIST_BYTES } from '../limits.ts';
import type { Seen } from '../render/protocol.ts';

/** A frame's list. The same object for frames that draw the same. */
export type List = Float64Array;
const NOTHING: List = new Float64Array(0);

export class Lists {
  readonly #player: FramePlayer;
  readonly #first: number;
  /** By frame: its list, that it looks at pixels, or nothing where there was no room to keep it. */
  readonly #frames: (List | 'pixels' | undefined)[] = [];
  #last: List = NOTHING;
  #bytes = 0;
  #pixelFrames = 0;
  #drawnFrames = 0;
  #drawings = 0;
  #box: Box | undefined;

  /** `first`: the frame with which it begins. */
  constructor(player: FramePlayer, first: number) {
    this.#player = player;
    this.#first = first;
  }

  /** Plays the next frame, without a picture. */
  look(width: number, height: number): void {
    const length = this.#player.frame(this.#first + this.#frames.length);
    if (length === NEEDS_PIXELS) {
      this.#pixelFrames++;
      this.#frames.push('pixels');
      return;
    }
    const list = this.#played(length);
    if (length > 0) this.#drawnFrames++;
    if (list !== this.#last) {
      this.#drawings += length > 0 ? 1 : 0;
      this.#box = around(this.#box, boundsOf(list, length, this.#player.strings, width, height));
      this.#bytes += list.byteLength;
      this.#last = list;
    }
    this.#frames.push(this.#bytes > KEPT_LIST_BYTES ? undefined : list);
  }

  /** Its own copy, or the one before where that is the same. */
  #played(length: number): List {
    const shared = this.#player.list.subarray(0, length);
    return sameList(shared, this.#last) ? this.#last : length === 0 ? NOTHING : shared.slice();
  }

  get seen(): Seen {
    const counts = { pixelFrames: this.#pixelFrames, drawnFrames: this.#drawnFrames, drawings: this.#drawings };
    return { frames: this.#frames.length, ...counts, ...(this.#box ? { box: this.#box } : {}) };
  }

  needsPixels(index: number): boolean {
    return this.#frames[index - this.#first] === 'pixels';
  }

  /** What a frame that looks at no pixels draws. */
  of(index: number): List {
    const kept = this.#frames[index - this.#first];
    if (kept instanceof Float64Array) return kept;
    // A frame follows from its number: playing it again gives the same list.
    this.#last = this.#played(this.#player.frame(index));
    return this.#last;
  }
}
