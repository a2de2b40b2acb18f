// One file of many parts whose lengths nobody knows beforehand: each is a line of JSON that says what it is, and bytes
// in pieces. Written and read as a stream, so nothing has to fit into memory or onto a second disk.

const LENGTH_BYTES = 4;
const END_OF_PART = Buffer.alloc(LENGTH_BYTES);

/** The bytes of one part, to be yielded one after the other. */
export async function* writePart(header: object, body: AsyncIterable<Uint8Array> | Iterable<Uint8Array> = []) {
  yield framed(Buffer.from(JSON.stringify(header)));
  for await (const piece of body) if (piece.byteLength > 0) yield framed(piece);
  yield END_OF_PART;
}

export interface Part {
  readonly header: unknown;
  /** Read it before asking for the next part; what is not read is stepped over. */
  readonly body: AsyncGenerator<Buffer>;
}

export async function* readParts(source: AsyncIterable<Uint8Array>): AsyncGenerator<Part> {
  const pieces = readFrames(source);
  async function* body(): AsyncGenerator<Buffer> {
    for (;;) {
      const { value, done } = await pieces.next();
      if (done) throw new Error('The file is cut off in the middle.');
      if (value.length === 0) return;
      yield value;
    }
  }
  for (;;) {
    const { value, done } = await pieces.next();
    if (done) return;
    const part = { header: JSON.parse(value.toString()) as unknown, body: body() };
    yield part;
    let left = await part.body.next();
    while (!left.done) left = await part.body.next();
  }
}

function framed(piece: Uint8Array): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(piece.byteLength);
  return Buffer.concat([length, piece]);
}

async function* readFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let chunks: Uint8Array[] = [];
  let held = 0;
  let wanted = LENGTH_BYTES;
  let length = true;
  for await (const chunk of source) {
    chunks.push(chunk);
    held += chunk.byteLength;
    while (held >= wanted) {
      const all = Buffer.concat(chunks);
      const piece = all.subarray(0, wanted);
      chunks = [all.subarray(wanted)];
      held -= wanted;
      if (length && piece.readUInt32BE() > 0) {
        wanted = piece.readUInt32BE();
        length = false;
      } else {
        yield length ? piece.subarray(0, 0) : piece;
        wanted = LENGTH_BYTES;
        length = true;
      }
    }
  }
  if (held > 0 || !length) throw new Error('The file is cut off in the middle.');
  return undefined;
}
