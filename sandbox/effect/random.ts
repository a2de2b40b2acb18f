/**
 * Numbers from 0 up to 1 that follow from a seed and a frame's number alone: a render that is split gives the same
 * picture as one in one piece.
 */
export function randomOf(seed: number, frame: number): () => number {
  let state = mix(mix(seed | 0) ^ mix(frame + 0x9e3779b9));
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    return mix(state) / 4_294_967_296;
  };
}

/** Spreads every bit of a whole number over all of them. */
function mix(value: number): number {
  let bits = Math.imul(value ^ (value >>> 15), value | 1);
  bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
  return (bits ^ (bits >>> 14)) >>> 0;
}
