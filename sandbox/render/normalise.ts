// From whatever a clip is to what everything here works on: frames at a steady rate, upright, square pixels, even sizes,
// 8-bit 4:2:0 in limited BT.709. Each conversion is named; what FFmpeg would guess is never left to it.
import { checkFeasible } from './embedded.ts';
import { renderErrors } from './errors.ts';
import type { FFmpeg } from './ffmpeg.ts';
import { rateText } from './fraction.ts';
import type { ClipFacts } from './probe.ts';
import { type Fit, skippedOf, type Window } from './window.ts';

/** What the result says of its colours. */
export const TAGS = 'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709';
const EXACTLY = 'flags=bicubic+accurate_rnd+full_chroma_int';

/** Filters, in the order in which a frame goes through them. FFmpeg has turned it upright already. */
export function normalised(clip: ClipFacts, window: Window, fit: Fit, ffmpeg: FFmpeg): string[] {
  checkFeasible(clip, fit, ffmpeg);
  const { width, height } = clip.coded;
  return [
    // Recordings of calls change their size on the way. Where one does not, this does nothing.
    `scale=${width}:${height}:${EXACTLY}`,
    ...(clip.interlaced ? ['yadif=deint=interlaced'] : []),
    ...timed(clip, window),
    ...coloured(clip, fit, ffmpeg),
  ];
}

/**
 * Exactly the frames of the window. A clip may lack a frame or two that its index promises; more than that is damage,
 * and shows in the count.
 */
function timed(clip: ClipFacts, window: Window): string[] {
  const { num, den } = clip.fps;
  const skipped = skippedOf(clip, window);
  const first = window.first - skipped;
  const end = first + window.frames;
  // What is skipped ends half a frame before the first that is not, so that no rounding loses it.
  const shifted = skipped > 0 ? [`setpts=PTS-${den}/(${2 * num}*TB)`] : [];
  const spare = Math.max(2, Math.floor(end / 50));
  return [
    ...[...shifted, `fps=fps=${rateText(clip.fps)}:start_time=0`, `tpad=stop_mode=clone:stop=${spare}`],
    ...[`trim=start_frame=${first}:end_frame=${end}`, 'setpts=PTS-STARTPTS'],
  ];
}

function coloured(clip: ClipFacts, fit: Fit, ffmpeg: FFmpeg): string[] {
  const flattened = clip.alpha ? ['format=yuva420p|yuva444p|yuva444p10le|gbrap', 'premultiply=inplace=1'] : [];
  const placed = [...converted(clip, fit, ffmpeg), 'format=yuv420p', ...framed(clip, fit)];
  return [...flattened, ...placed, 'setsar=1', TAGS];
}

function converted(clip: ClipFacts, fit: Fit, ffmpeg: FFmpeg): string[] {
  const { width, height } = fit.inner;
  const resized = fit.exact ? [] : [`scale=${width}:${height}:${EXACTLY}`];
  if (clip.transfer !== 'sdr') return [...resized, ...toneMapped(clip, ffmpeg)];
  const is709 = clip.matrix === 'bt709' && clip.range === 'limited' && clip.pixelFormat === 'yuv420p';
  if (is709) return resized;
  if (clip.matrix === 'bt2020' && ffmpeg.filters.has('zscale'))
    return [...resized, taken2020(clip, 'bt709'), 'zscale=m=709:p=709:t=709:r=limited'];
  const from = clip.matrix === 'rgb' ? '' : `in_color_matrix=${clip.matrix}:`;
  const range = `in_range=${clip.range === 'full' ? 'pc' : 'tv'}:out_range=tv`;
  const size = fit.exact ? '' : `${width}:${height}:`;
  return [`scale=${size}${from}out_color_matrix=bt709:${range}:${EXACTLY}`];
}

/** High dynamic range to the usual one. */
function toneMapped(clip: ClipFacts, { filters }: FFmpeg): string[] {
  if (!filters.has('zscale') || !filters.has('tonemap'))
    throw renderErrors.unsupported({
      detail: `It has a high dynamic range (${clip.transfer === 'pq' ? 'HDR10' : 'HLG'}), which this FFmpeg cannot convert.`,
      fix: 'Export it in standard range, or use an FFmpeg with the filters zscale and tonemap.',
    });
  return [
    ...[taken2020(clip, clip.transfer === 'pq' ? 'smpte2084' : 'arib-std-b67'), 'zscale=t=linear:npl=100'],
    ...['format=gbrpf32le', 'zscale=p=709', 'tonemap=tonemap=hable:desat=0', 'zscale=t=709:m=709:r=limited'],
  ];
}

/** Files that say one thing of their colours often leave out another, and zscale guesses nothing. */
function taken2020({ range }: ClipFacts, transfer: string): string {
  const levels = range === 'full' ? 'pc' : 'tv';
  return `setparams=range=${levels}:color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc`;
}

function framed(clip: ClipFacts, { width, height, inner, exact }: Fit): string[] {
  const odd = exact && (clip.width !== inner.width || clip.height !== inner.height);
  const cut = odd ? [`crop=${inner.width}:${inner.height}:0:0`] : [];
  const padded = inner.width !== width || inner.height !== height;
  return padded ? [...cut, `pad=${width}:${height}:${inner.x}:${inner.y}:black`] : cut;
}
