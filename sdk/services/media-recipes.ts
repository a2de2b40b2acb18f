// What can be made of a video, a sound or a picture, and what is told of each. Recipes are data: pages may keep them.
import { type Static, Type } from 'typebox';

const Id = Type.String({ format: 'uuid' });

/**
 * A video is as high as its short side, as people name sizes: 720 is 1280x720, and 720x1280 of a clip that stands. No
 * picture is made larger than it was.
 */
const Height = Type.Integer({ minimum: 96, maximum: 2160 });
/** Frames a second at most: of a faster clip every second, third … frame is taken. */
const MostFps = Type.Number({ minimum: 1, maximum: 120 });
/** Loudness in LUFS that the sound is brought to, by one gain for all of it: -14 is usual for feeds, -23 in broadcast. */
const Loudness = Type.Number({ minimum: -40, maximum: -8 });
const Seconds = Type.Number({ minimum: 0, maximum: 3600 });

/** What is burnt into every picture: an image among the plugin's objects (PNG, WebP, JPEG), or a line of text. */
export const Watermark = Type.Object({
  mark: Type.Union([
    Type.Object({ objectId: Id }),
    Type.Object({ text: Type.String({ minLength: 1, maxLength: 80, pattern: '^[^\\p{Cc}]+$' }) }),
  ]),
  /** Part of the picture's width (image) or of its short side (a letter's height). Default 0.16 and 0.04. */
  size: Type.Optional(Type.Number({ minimum: 0.01, maximum: 0.5 })),
  /** Default 0.6. */
  opacity: Type.Optional(Type.Number({ minimum: 0.05, maximum: 1 })),
  /** Goes from corner to corner, so that no crop takes it off; else it stays at the top right. Default true. */
  moving: Type.Optional(Type.Boolean()),
});
export type Watermark = Static<typeof Watermark>;

/** One MP4 that plays everywhere: H.264 with 8 bit 4:2:0 in tagged BT.709, AAC, its index at the front. */
export const Mp4Recipe = Type.Object({
  kind: Type.Literal('mp4'),
  height: Type.Optional(Height),
  fps: Type.Optional(MostFps),
  /** Lower is better and larger. Default 23. */
  crf: Type.Optional(Type.Integer({ minimum: 14, maximum: 40 })),
  loudness: Type.Optional(Loudness),
  watermark: Type.Optional(Watermark),
  /** Pictures that already are what is asked for are copied, not encoded again. Default true. */
  passthrough: Type.Optional(Type.Boolean()),
});

/** A ladder for adaptive playback: `master.m3u8`, a playlist for each rung and group of sound, and their segments. */
export const HlsRecipe = Type.Object({
  kind: Type.Literal('hls'),
  /** Those larger than the clip become one of its own size. Default 240, 480, 720 and 1080. */
  heights: Type.Optional(Type.Array(Height, { minItems: 1, maxItems: 6, uniqueItems: true })),
  fps: Type.Optional(MostFps),
  loudness: Type.Optional(Loudness),
  watermark: Type.Optional(Watermark),
  /**
   * The lowest rung is made first, and can be played while the others are made; this costs another decoding of the clip.
   * Default false.
   */
  lowestFirst: Type.Optional(Type.Boolean()),
});

/** A still: of a clip at a time, or of a picture. */
export const ImageRecipe = Type.Object({
  kind: Type.Literal('image'),
  format: Type.Optional(Type.Union([Type.Literal('jpeg'), Type.Literal('webp'), Type.Literal('png')])),
  height: Type.Optional(Height),
  /** Default: a tenth into the clip. */
  at: Type.Optional(Seconds),
});

/** A short, silent, moving picture for lists. */
export const PreviewRecipe = Type.Object({
  kind: Type.Literal('preview'),
  format: Type.Optional(Type.Union([Type.Literal('webp'), Type.Literal('mp4')])),
  /** Default 3. */
  seconds: Type.Optional(Type.Number({ minimum: 0.5, maximum: 15 })),
  /** Where it begins. Default: a tenth into the clip. */
  from: Type.Optional(Seconds),
  /** Default 240. */
  height: Type.Optional(Height),
  /** Default 12. */
  fps: Type.Optional(MostFps),
});

/** A storyboard for the seek bar: sheets of small pictures, and `sprites.vtt`, which says when and where each one is. */
export const SpritesRecipe = Type.Object({
  kind: Type.Literal('sprites'),
  /** Seconds between pictures. Default: as many as give about a hundred, at least one. */
  every: Type.Optional(Type.Number({ minimum: 0.5, maximum: 60 })),
  /** Of one picture. Default 90. */
  height: Type.Optional(Type.Integer({ minimum: 32, maximum: 360 })),
});

export const AudioRecipe = Type.Object({
  kind: Type.Literal('audio'),
  format: Type.Optional(Type.Union([Type.Literal('aac'), Type.Literal('opus'), Type.Literal('mp3')])),
  /** Bits a second. Default 128000. */
  bitrate: Type.Optional(Type.Integer({ minimum: 24_000, maximum: 320_000 })),
  loudness: Type.Optional(Loudness),
});

/** Peaks of the sound for drawing it, as `waveform.json` in the format of audiowaveform, which players' libraries read. */
export const WaveformRecipe = Type.Object({
  kind: Type.Literal('waveform'),
  /** How many pairs of lowest and highest. Default 1000. */
  points: Type.Optional(Type.Integer({ minimum: 16, maximum: 20_000 })),
});

export const Recipe = Type.Union([
  Mp4Recipe,
  HlsRecipe,
  ImageRecipe,
  PreviewRecipe,
  SpritesRecipe,
  AudioRecipe,
  WaveformRecipe,
]);
export type Recipe = Static<typeof Recipe>;

/** What a file is: told from its index, nothing is decoded. */
export const MediaFacts = Type.Object({
  kind: Type.Union([Type.Literal('video'), Type.Literal('audio'), Type.Literal('picture')]),
  bytes: Type.Integer(),
  /** As FFmpeg names it. */
  container: Type.String(),
  /** Seconds; of a picture 0. */
  duration: Type.Number(),
  /** Upright, with square pixels. */
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  video: Type.Optional(
    Type.Object({
      codec: Type.String(),
      fps: Type.Number(),
      frames: Type.Integer(),
      /** Its rate is not steady. */
      variable: Type.Boolean(),
      bitDepth: Type.Integer(),
      /** High dynamic range. */
      hdr: Type.Boolean(),
      alpha: Type.Boolean(),
    }),
  ),
  audio: Type.Array(Type.Object({ codec: Type.String(), sampleRate: Type.Integer(), channels: Type.Integer() })),
});
export type MediaFacts = Static<typeof MediaFacts>;

/** One file of a result. */
export const MediaFile = Type.Object({
  /** Relative to the others: playlists and `sprites.vtt` name their parts so. */
  name: Type.String(),
  /** What it is served as. */
  type: Type.String(),
  bytes: Type.Integer(),
  /** What one plays or shows: the others are named in it. */
  main: Type.Boolean(),
  /** Nobody asks for it by name: players find it in a playlist. */
  part: Type.Optional(Type.Boolean()),
  width: Type.Optional(Type.Integer()),
  height: Type.Optional(Type.Integer()),
  /** Seconds. */
  duration: Type.Optional(Type.Number()),
  /** Frames a second. */
  fps: Type.Optional(Type.Number()),
  /** In the words of RFC 6381: `avc1.64001f,mp4a.40.2`. */
  codecs: Type.Optional(Type.String()),
  /** Copied from the clip as it was. */
  copied: Type.Optional(Type.Boolean()),
});
export type MediaFile = Static<typeof MediaFile>;
