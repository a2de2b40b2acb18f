// Writes a display list. This is the low end, one function for any operation, that both languages draw through.
import { LIST_LENGTH, OP_LENGTHS, STRING_LENGTH, STRINGS, STRINGS_LENGTH } from './ops.ts';

const LENGTHS = Uint8Array.from({ length: 32 }, (_, code) => OP_LENGTHS[code] ?? 0);
/** The most that one `push` writes, its code included. */
const SLOTS = 8;

/** Strings in the order of their numbers. From 0 on they are a new table: none of those before is named any more. */
export interface NewStrings {
  readonly from: number;
  readonly strings: readonly string[];
}

/**
 * Records into a list that may be shared: `length` numbers of it belong to the present frame.
 *
 * @example
 * const recorder = new Recorder(new Float64Array(LIST_LENGTH));
 * recorder.push(OP.fillColor, 0xff3b6bff);
 * recorder.push(OP.fillText, recorder.string('Hello'), 40, 60);
 */
export class Recorder {
  length = 0;
  /** Told when a frame begins. */
  onReset: () => void = () => {};
  readonly #list: Float64Array;
  readonly #end: number;
  readonly #strings = new Map<string, number>();
  /** Characters in the table, and in what this frame names. */
  #characters = 0;
  #named = 0;
  #fresh: string[] = [];

  constructor(list: Float64Array) {
    this.#list = list;
    this.#end = Math.min(list.length, LIST_LENGTH);
  }

  /** Begins a frame. Most strings come again: they keep their numbers until there are too many. */
  reset(): void {
    this.length = 0;
    this.#named = 0;
    if (this.#strings.size > STRINGS || this.#characters > STRINGS_LENGTH) {
      this.#strings.clear();
      this.#characters = 0;
      this.#fresh = [];
    }
    this.onReset();
  }

  /** An operation and as many arguments as it has. */
  push(code: number, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0): void {
    const list = this.#list;
    const at = this.length;
    if (at + SLOTS > this.#end) this.#refuse();
    list[at] = code;
    list[at + 1] = a;
    list[at + 2] = b;
    list[at + 3] = c;
    list[at + 4] = d;
    list[at + 5] = e;
    list[at + 6] = f;
    list[at + 7] = g;
    this.length = at + 1 + (LENGTHS[code] ?? 0);
  }

  /** What follows an operation that says itself how long it is; or operations as they stand in another list. */
  append(numbers: ArrayLike<number>): void {
    if (this.length + numbers.length + SLOTS > this.#end) this.#refuse();
    this.#list.set(numbers, this.length);
    this.length += numbers.length;
  }

  /** The number under which the list names a text. */
  string(text: string): number {
    if (typeof text !== 'string') throw new TypeError(`A text was expected, not ${typeof text}.`);
    this.#named += text.length + 1;
    if (this.#named > STRINGS_LENGTH)
      throw new RangeError(`This frame has more than ${STRINGS_LENGTH} characters of text, which is the limit.`);
    const known = this.#strings.get(text);
    if (known !== undefined) return known;
    if (text.length > STRING_LENGTH) {
      throw new RangeError(`A text of ${text.length} characters: ${STRING_LENGTH} is the limit for one line.`);
    }
    const number = this.#strings.size;
    this.#characters += text.length;
    this.#strings.set(text, number);
    this.#fresh.push(text);
    return number;
  }

  /** The strings since the last time. */
  takeNewStrings(): NewStrings {
    const strings = this.#fresh;
    this.#fresh = [];
    return { from: this.#strings.size - strings.length, strings };
  }

  #refuse(): never {
    throw new RangeError(
      `This frame draws too much: its operations take more than ${LIST_LENGTH} numbers, which is the limit. ` +
        'Draw fewer shapes, or write to pixels.',
    );
  }
}
