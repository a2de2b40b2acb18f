import type { ByteRange } from './driver.ts';

/**
 * The part of `bytes` bytes that a Range header asks for. `undefined` is the whole: no range, one that we may ignore
 * (another unit, nonsense, several parts at once). RFC 9110 §14.
 */
export function byteRange(header: string | undefined, bytes: number): ByteRange | 'unsatisfiable' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '') ?? [];
  if (from === '' && to === '') return undefined;
  const start = from === '' ? Math.max(0, bytes - Number(to)) : Number(from);
  const end = from === '' || to === '' ? bytes - 1 : Math.min(Number(to), bytes - 1);
  if (from !== '' && to !== '' && Number(to) < start) return undefined;
  return start > end || start >= bytes ? 'unsatisfiable' : { start, end };
}
