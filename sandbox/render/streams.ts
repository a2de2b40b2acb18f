// What ffprobe says of a file's streams, in our own words.
import { fractionOf } from './fraction.ts';

/** As ffprobe writes it: only what we read, and none of it is trusted to be there. */
export interface ProbedStream {
  readonly index?: number;
  readonly codec_type?: string;
  readonly codec_name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly sample_aspect_ratio?: string;
  readonly pix_fmt?: string;
  readonly bits_per_raw_sample?: string;
  readonly color_space?: string;
  readonly color_range?: string;
  readonly color_transfer?: string;
  readonly field_order?: string;
  readonly r_frame_rate?: string;
  readonly avg_frame_rate?: string;
  readonly time_base?: string;
  readonly duration?: string;
  readonly sample_rate?: string;
  readonly channels?: number;
  readonly disposition?: { readonly attached_pic?: number };
  readonly tags?: { readonly rotate?: string; readonly alpha_mode?: string; readonly ALPHA_MODE?: string };
  readonly side_data_list?: readonly { readonly rotation?: number }[];
}

export interface Probed {
  readonly streams?: readonly ProbedStream[];
  /** Only where they are asked for. */
  readonly frames?: readonly Pick<ProbedStream, 'side_data_list'>[];
  readonly format?: { readonly format_name?: string; readonly start_time?: string; readonly duration?: string };
}

export type Matrix = 'bt709' | 'bt601' | 'bt2020' | 'smpte240m' | 'rgb';
export type Transfer = 'sdr' | 'pq' | 'hlg';

export interface PictureFacts {
  /** Of the stream in its file. */
  readonly stream: number;
  readonly codec: string;
  /** As shown. */
  readonly width: number;
  readonly height: number;
  /** Upright, as it is decoded: with pixels that are not square, where it is stretched. */
  readonly coded: { readonly width: number; readonly height: number };
  /** Pixels were not square. */
  readonly stretched: boolean;
  /** Clockwise. */
  readonly rotation: 0 | 90 | 180 | 270;
  readonly pixelFormat: string;
  readonly bitDepth: number;
  readonly matrix: Matrix;
  /** Whether the file says its matrix; else it is taken for what files of that size mostly are. */
  readonly tagged: boolean;
  readonly range: 'limited' | 'full';
  readonly transfer: Transfer;
  readonly alpha: boolean;
  readonly interlaced: boolean;
}

export interface AudioFacts {
  readonly stream: number;
  readonly codec: string;
  readonly sampleRate: number;
  readonly channels: number;
}

export function pictureOf(stream: ProbedStream): PictureFacts {
  const rotation = rotationOf(stream);
  const { num, den } = fractionOf(stream.sample_aspect_ratio) ?? { num: 1, den: 1 };
  const stretched = num !== den;
  const [stored, high] = [stream.width ?? 0, stream.height ?? 0];
  const wide = stretched ? Math.max(1, Math.round((stored * num) / den)) : stored;
  const upright = rotation % 180 === 0;
  const [width, height] = upright ? [wide, high] : [high, wide];
  const coded = upright ? { width: stored, height: high } : { width: high, height: stored };
  const pixelFormat = stream.pix_fmt ?? 'unknown';
  const rgb = /^(gbr|rgb|bgr|argb|abgr|pal8|0rgb|0bgr|x2rgb)/.test(pixelFormat);
  const matrix = rgb ? 'rgb' : (MATRICES[stream.color_space ?? ''] ?? usualMatrix(stored, high));
  return {
    ...{ stream: stream.index ?? 0, codec: stream.codec_name ?? 'unknown', width, height, coded, stretched, rotation },
    ...{ pixelFormat, bitDepth: bitDepthOf(stream), matrix },
    tagged: rgb || MATRICES[stream.color_space ?? ''] !== undefined,
    range: rgb || stream.color_range === 'pc' || pixelFormat.startsWith('yuvj') ? 'full' : 'limited',
    transfer: TRANSFERS[stream.color_transfer ?? ''] ?? 'sdr',
    alpha: /^(yuva|gbrap|rgba|bgra|argb|abgr|ya|pal8)/.test(pixelFormat) || hiddenAlpha(stream),
    interlaced: /^(tt|bb|tb|bt)$/.test(stream.field_order ?? ''),
  };
}

const MATRICES: Readonly<Record<string, Matrix>> = {
  bt709: 'bt709',
  smpte170m: 'bt601',
  bt470bg: 'bt601',
  bt2020nc: 'bt2020',
  bt2020c: 'bt2020',
  smpte240m: 'smpte240m',
};
const TRANSFERS: Readonly<Record<string, Transfer>> = { smpte2084: 'pq', 'arib-std-b67': 'hlg' };

/** As browsers do. */
const usualMatrix = (width: number, height: number): Matrix => (width >= 1280 || height >= 720 ? 'bt709' : 'bt601');

/** WebM keeps it beside the pictures. */
const hiddenAlpha = ({ tags }: ProbedStream) => (tags?.alpha_mode ?? tags?.ALPHA_MODE) === '1';

function rotationOf({ side_data_list = [], tags }: ProbedStream): PictureFacts['rotation'] {
  // The matrix turns counterclockwise, the tag of older files clockwise.
  const matrix = side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation;
  const degrees = (((matrix === undefined ? Number(tags?.rotate ?? 0) : -matrix) % 360) + 360) % 360;
  return degrees === 90 || degrees === 180 || degrees === 270 ? degrees : 0;
}

function bitDepthOf({ pix_fmt = '', bits_per_raw_sample }: ProbedStream): number {
  const [, inName] = /p0?(9|10|12|14|16)(?:le|be)?$/.exec(pix_fmt) ?? [];
  return Number(inName ?? bits_per_raw_sample ?? 8) || 8;
}

export function audioOf({ index = 0, codec_name, sample_rate, channels = 0 }: ProbedStream): AudioFacts[] {
  // Without a rate it is nothing that can be played.
  if (codec_name === undefined || !(Number(sample_rate) > 0)) return [];
  return [{ stream: index, codec: codec_name, sampleRate: Number(sample_rate), channels }];
}
