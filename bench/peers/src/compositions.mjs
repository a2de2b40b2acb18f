// The drawing over a clip, as Remotion has it: with its video element, and with its newer one that decodes by itself.
import { Video } from '@remotion/media';
import { createElement, useLayoutEffect, useRef } from 'react';
import {
  AbsoluteFill,
  Composition,
  OffthreadVideo,
  registerRoot,
  staticFile,
  useCurrentFrame,
  useVideoConfig,
} from 'remotion';
import { draw } from './draw.mjs';

function Drawing({ video }) {
  const frame = useCurrentFrame();
  const { width, height, fps } = useVideoConfig();
  const canvas = useRef(null);
  useLayoutEffect(() => draw(canvas.current.getContext('2d'), width, height, frame / fps), [frame, fps, width, height]);
  return createElement(
    AbsoluteFill,
    null,
    createElement(video, { src: staticFile('clip.mp4'), style: { width: '100%' } }),
    createElement(AbsoluteFill, null, createElement('canvas', { ref: canvas, width, height })),
  );
}

const size = { fps: 30, width: 1280, height: 720, durationInFrames: 300 };

function Root() {
  const of = (id, video) =>
    createElement(Composition, { id, component: Drawing, ...size, defaultProps: {}, key: id, ...withVideo(video) });
  const withVideo = (video) => ({ component: () => createElement(Drawing, { video }) });
  return [of('offthread', OffthreadVideo), of('media', Video)];
}

registerRoot(Root);
