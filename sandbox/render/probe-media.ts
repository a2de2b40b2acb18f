// What an uploaded file is when it need not be a video: a clip, a sound or a picture.

import { Problem } from '@plinth/sdk/problem.ts';
import { CLIP_PIXELS } from '../limits.ts';
import { renderErrors } from './errors.ts';
import { GUARDED_MEDIA, GUARDED_PICTURE } from './input.ts';
import { indexOf } from './packets.ts';
import {
  type Asking,
  askAbout,
  type ClipFacts,
  checkLength,
  checkWhole,
  clipOf,
  describe,
  describeAndList,
  headOf,
  listPackets,
  moving,
  type ProbeOptions,
  soundsOf,
} from './probe.ts';
import { type AudioFacts, type Probed, pictureOf } from './streams.ts';

export interface SoundFacts {
  readonly file: string;
  readonly bytes: number;
  readonly container: string;
  readonly duration: number;
  readonly audio: readonly AudioFacts[];
}

export type Media =
  | { readonly kind: 'video'; readonly facts: ClipFacts }
  | { readonly kind: 'audio'; readonly facts: SoundFacts }
  /** As a clip of one frame. */
  | { readonly kind: 'picture'; readonly facts: ClipFacts };

/** @example const { kind, facts } = await probeMedia('upload'); */
export async function probeMedia(file: string, options: ProbeOptions = {}): Promise<Media> {
  const asking = await askAbout(file, options);
  try {
    const kind = PICTURE.test(await headOf(file)) ? pictureOnly : clipOrSound;
    return await kind(asking);
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'render.not_a_video') throw error;
    throw renderErrors.not_media({ ...(error.detail === undefined ? {} : { detail: error.detail }), cause: error });
  }
}

/** JPEG, PNG, WebP. */
const PICTURE = /^\xff\xd8\xff|^\x89PNG\r\n|^RIFF.{4}WEBP/s;

async function clipOrSound(about: Asking): Promise<Media> {
  const asking = { ...about, guard: GUARDED_MEDIA };
  const [described, packets] = await describeAndList(asking);
  const video = moving(described);
  if (video) return { kind: 'video', facts: clipOf(asking, described, video, packets) };
  return { kind: 'audio', facts: await soundOf(asking, described) };
}

async function soundOf(asking: Asking, described: Probed): Promise<SoundFacts> {
  const { file, bytes } = asking;
  const audio = soundsOf(described);
  const stream = described.streams?.find(({ index }) => index === audio[0]?.stream);
  if (!stream) throw renderErrors.not_media({ detail: 'It holds neither pictures nor sound.' });
  const { shown, last, broken } = indexOf(await listPackets(asking, 'a:0'), stream);
  const begin = Number(described.format?.start_time ?? 0) || 0;
  const duration = (shown.at(-1) ?? 0) + (last ?? 0) - begin;
  checkLength(duration);
  checkWhole(broken, duration, Number(stream.duration ?? described.format?.duration ?? 0));
  return { file, bytes, container: described.format?.format_name ?? '', duration, audio };
}

async function pictureOnly(asking: Asking): Promise<Media> {
  // How it is turned is in the picture itself, which is decoded for that.
  const { streams = [], frames = [], format } = await describe({ ...asking, guard: GUARDED_PICTURE }, ['-show_frames']);
  const [stream, frame] = [streams[0], frames[0]];
  if (!stream?.width || !stream.height || !frame)
    throw renderErrors.damaged({ detail: 'It shows nothing.', fix: 'Save it again as JPEG or PNG.' });
  const turned = frame.side_data_list ? { side_data_list: frame.side_data_list } : {};
  const facts = pictureOf({ ...stream, ...turned });
  if (facts.width * facts.height > CLIP_PIXELS)
    throw renderErrors.too_large({ detail: `It is ${facts.width}x${facts.height}.` });
  // Whatever size: these formats know one matrix.
  const matrix = facts.matrix === 'rgb' ? 'rgb' : 'bt601';
  const still = { fps: { num: 1, den: 1 }, variable: false, frames: 1, duration: 0, audio: [] };
  const { file, bytes } = asking;
  return { kind: 'picture', facts: { file, bytes, container: format?.format_name ?? '', ...facts, matrix, ...still } };
}
