import { rateOf } from '@plinth/sandbox/render/fraction.ts';
import type { Media } from '@plinth/sandbox/render/probe-media.ts';
import type { MediaFacts } from '@plinth/sdk/services/media-recipes.ts';

/** What a probe found, as plugins are told. */
export function factsOf({ kind, facts }: Media): MediaFacts {
  const { bytes, container, duration, audio } = facts;
  const told = { kind, bytes, container, duration, audio: audio.map(({ stream: _stream, ...track }) => track) };
  if (kind === 'audio') return told;
  const { width, height, codec, fps, frames, variable, bitDepth, transfer, alpha } = facts;
  const video = { codec, fps: rateOf(fps), frames, variable, bitDepth, hdr: transfer !== 'sdr', alpha };
  return { ...told, width, height, video };
}
