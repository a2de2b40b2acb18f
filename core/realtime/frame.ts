/**
 * A whole WebSocket text frame. It is made once for an event and written as it is to every socket, where `ws` would make
 * a header for each.
 */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  // A buffer keeps the lowest eight bits of each.
  let head = [0x81, length];
  if (length > 125) head = [0x81, 126, length >> 8, length];
  if (length > 65_535) head = [0x81, 127, 0, 0, 0, 0, length >> 24, length >> 16, length >> 8, length];
  return Buffer.concat([Buffer.from(head), payload]);
}
