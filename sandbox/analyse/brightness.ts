/** How bright each pixel of a picture of red, green and blue is, as BT.709 weighs them. */
export function brightnessOf(picture: Uint8Array, into: Uint8Array): void {
  for (let at = 0; at < into.length; at++) {
    const [red, green, blue] = [picture[at * 3] ?? 0, picture[at * 3 + 1] ?? 0, picture[at * 3 + 2] ?? 0];
    into[at] = (54 * red + 183 * green + 19 * blue) >> 8;
  }
}
