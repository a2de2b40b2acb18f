// Everything that can be found out about a clip, by name.
import type { Analyser } from './analyser.ts';
import { beats } from './beats.ts';
import { hash } from './hash.ts';
import { loudness } from './loudness.ts';
import { meta } from './meta.ts';
import { motion } from './motion.ts';
import { palette } from './palette.ts';
import { scenes } from './scenes.ts';
import { sharpness } from './sharpness.ts';
import { spectrum } from './spectrum.ts';

export const ANALYSERS = {
  'video.meta': meta,
  'audio.spectrum': spectrum,
  'audio.beats': beats,
  'audio.loudness': loudness,
  palette,
  motion,
  scenes,
  hash,
  sharpness,
} as const;

export type AnalyserName = keyof typeof ANALYSERS;
export type Findings = { readonly [N in AnalyserName]: (typeof ANALYSERS)[N] extends Analyser<infer R> ? R : never };

export const isAnalyser = (name: string): name is AnalyserName => Object.hasOwn(ANALYSERS, name);
