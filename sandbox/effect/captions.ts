// Captions as people have them: WebVTT and SubRip.
import type { Caption } from '@plinth/sdk/effect.ts';

/** Hours may be absent; SubRip writes a comma where WebVTT writes a point. */
const TIME = String.raw`(?:(\d+):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})`;
const SPAN = new RegExp(String.raw`^\s*${TIME}\s+-->\s+${TIME}`);
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', nbsp: ' ', lrm: '', rlm: '' };

/** By their beginning; nothing where the text is no captions. */
export function captionsIn(text: string): readonly Caption[] | undefined {
  const found: Caption[] = [];
  const blocks = text
    .replace(/^\uFEFF/, '')
    .replaceAll(/\r\n?/g, '\n')
    .split(/\n{2,}/);
  for (const block of blocks) {
    const lines = block.split('\n');
    const at = lines.findIndex((line) => SPAN.test(line));
    const times = SPAN.exec(lines[at] ?? '');
    if (!times) continue;
    const [from, to] = [secondsOf(times.slice(1, 5)), secondsOf(times.slice(5, 9))];
    const said = plain(lines.slice(at + 1).join('\n'));
    if (to > from && said !== '') found.push({ from, to, text: said });
  }
  return found.length > 0 || text.startsWith('WEBVTT') ? found.sort((a, b) => a.from - b.from) : undefined;
}

function secondsOf([hours = '0', minutes, seconds, part = '0']: readonly (string | undefined)[]): number {
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) + Number(part.padEnd(3, '0')) / 1000;
}

/** Without marks for style, and with the signs that stand for others. */
function plain(text: string): string {
  return text
    .replaceAll(/<[^>]*>|\{\\[^}]*\}/g, '')
    .replaceAll(/&(\w+);/g, (entity, name: string) => (Object.hasOwn(NAMED, name) ? (NAMED[name] ?? '') : entity))
    .trim();
}
