import type { TextType } from '@plinth/sdk/services/storage.ts';
import { fileTypeFromBuffer } from 'file-type';

/** As much of a file as is looked at to tell what it is. */
export const HEAD_BYTES = 64 * 1024;
const UNKNOWN = 'application/octet-stream';

/** What bytes are, by the bytes themselves. `declared` helps only where they do not tell. */
export async function sniffType(head: Uint8Array, declared?: TextType): Promise<string> {
  const found = await fileTypeFromBuffer(head).catch(() => undefined);
  return found?.mime ?? declared ?? UNKNOWN;
}

/**
 * Types that a browser may show in place: pictures, sound, film, and text that is never run. No markup of any kind
 * (HTML, SVG, XML), no PDF: those are downloads.
 */
export function isShowable(type: string): boolean {
  return SHOWABLE.has(type) || /^(audio|video)\/[\w.+-]+$/.test(type);
}

const SHOWABLE = new Set([
  'image/png',
  'image/apng',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'text/plain',
  'text/csv',
  'text/vtt',
  'application/json',
  'application/vnd.apple.mpegurl',
]);

/** What is said over HTTP. Whatever a browser could take for a document or a script is said to be plain bytes. */
export function servedType(type: string): string {
  if (isShowable(type)) return type.startsWith('text/') ? `${type}; charset=utf-8` : type;
  return /^(text\/|.*[+/]xml|application\/x?html|.*script)/.test(type) ? UNKNOWN : type;
}
