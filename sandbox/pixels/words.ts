// Pixels for a language that can only say words: JSON in, JSON out. Pictures are told apart by number, and a number is of
// one frame only.
import type { Blend, PixelArea, Pixels } from '@plinth/sdk/effect.ts';
import { parseColor } from '../draw/css-color.ts';
import { checkedKernel } from './kernel.ts';
import { runKernel } from './picture.ts';

type Given = readonly unknown[];
interface Area extends PixelArea {
  readonly data?: Uint8ClampedArray;
}

/** What is said: an operation, the picture it is done to, and what it is given. */
type Words = readonly [operation: string, picture: number, ...given: unknown[]];

export class Spoken {
  readonly #pictures = new Map<number, Area>();
  #last = 0;

  /** The frame's picture; what was spoken of before is not known any more. */
  begin(pixels: Pixels): string {
    this.#pictures.clear();
    return this.#introduced(pixels);
  }

  /** An answer as JSON, or what is wrong after a `!`. */
  say(text: string): string {
    try {
      return this.#done(JSON.parse(text) as Words);
    } catch (error) {
      return `!${error instanceof Error ? error.message : String(error)}`;
    }
  }

  bytes(picture: number): Uint8ClampedArray | undefined {
    return this.#pictures.get(picture)?.data;
  }

  #done([operation, number, ...given]: Words): string {
    if (operation === 'color') return JSON.stringify(parseColor(String(given[0])));
    const picture = this.#picture(number);
    if (operation === 'histogram') return JSON.stringify(picture.histogram());
    if (operation === 'copy') return this.#introduced(picture.copy());
    if (operation === 'region') return this.#introduced(picture.region(...(given as [number, number, number, number])));
    this.#change(operation, picture, given);
    return '';
  }

  #change(operation: string, picture: Area, given: Given): void {
    const [first, second, third] = given;
    if (operation === 'run') {
      const others = (second as readonly number[]).map((other) => this.#picture(other));
      runKernel(picture, others, (pictures) => checkedKernel(first, pictures));
    } else if (operation === 'lookup') picture.lookup(first as number[]);
    else if (operation === 'matrix') picture.matrix(first as number[]);
    else if (operation === 'blur') picture.blur(first as number);
    else if (operation === 'threshold') picture.threshold(first as number, second as object);
    else if (operation === 'blend') picture.blend(this.#pictureOrColor(first), second as Blend, third as number);
    else if (operation === 'chromaKey') {
      const { background, ...style } = second as { readonly background?: unknown };
      const behind = background === undefined ? {} : { background: this.#pictureOrColor(background) };
      picture.chromaKey(first as string, { ...style, ...behind });
    } else throw new TypeError(`There is no operation "${operation}".`);
  }

  #introduced(picture: Area): string {
    this.#last += 1;
    this.#pictures.set(this.#last, picture);
    return JSON.stringify([this.#last, picture.width, picture.height]);
  }

  #picture(number: unknown): Area {
    const found = this.#pictures.get(number as number);
    if (!found) throw new TypeError('A picture lasts until the end of its frame: this one is of an earlier frame.');
    return found;
  }

  #pictureOrColor(given: unknown): string | Area {
    return typeof given === 'string' ? given : this.#picture(given);
  }
}
