// A box of a picture in planes, cut out and put back. It stands on even pixels, as the colours do.
import type { Box } from '../draw/bounds.ts';
import type { Size } from '../render/window.ts';

/** From a picture's planes to those of the box alone. */
export function copyBox(picture: Uint8Array, size: Size, part: Uint8Array, box: Box): void {
  eachRow(size, box, (inPicture, inPart, length) => {
    part.set(picture.subarray(inPicture, inPicture + length), inPart);
  });
}

/** And back. */
export function pasteBox(part: Uint8Array, box: Box, picture: Uint8Array, size: Size): void {
  eachRow(size, box, (inPicture, inPart, length) => {
    picture.set(part.subarray(inPart, inPart + length), inPicture);
  });
}

function eachRow(size: Size, box: Box, row: (inPicture: number, inPart: number, length: number) => void): void {
  let [planeAt, partAt] = [0, 0];
  for (const by of [1, 2, 2]) {
    const [stride, length] = [Math.ceil(size.width / by), Math.ceil(box.width / by)];
    const rows = Math.ceil(box.height / by);
    for (let y = 0; y < rows; y++) row(planeAt + (box.y / by + y) * stride + box.x / by, partAt + y * length, length);
    planeAt += stride * Math.ceil(size.height / by);
    partAt += length * rows;
  }
}
