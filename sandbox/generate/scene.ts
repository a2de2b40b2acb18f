// What a clip would bring with it, made up and always the same: for posters and tests of the library.
import type { InputData } from '@plinth/sdk/effect.ts';

const GIVERS = ['Ada', 'Milo', 'Yuki', 'Ada', 'Zoë', 'Kwame', 'Milo', 'Inês', 'Yuki'];
const WORTH = [500, 12_000, 3_000, 8_000, 500, 2_000, 3_000, 8_000, 12_000];

/** Two beats a second, likes and gifts now and then, more and more who watch. */
export function sceneData(frames: number, fps: number): Partial<InputData> {
  const spectrum = Array.from({ length: frames }, (_, frame) => spectrumAt(frame / fps));
  const end = frames / fps;
  const every = <T>(seconds: number, made: (t: number, at: number) => T) =>
    Array.from({ length: Math.ceil(end / seconds) }, (_, at) => made(Number((0.1 + at * seconds).toFixed(3)), at));
  return {
    'audio.spectrum': spectrum,
    'audio.loudness': spectrum.map((bands) =>
      Math.min(1, (bands.reduce((sum, one) => sum + one, 0) / bands.length) * 1.6),
    ),
    'audio.beats': Array.from({ length: Math.ceil(end * 2) }, (_, at) => at / 2),
    'live.likes': every(0.13, (t) => ({ t, count: 1, name: '', amount: 0 })),
    'live.gifts': every(0.35, (t, at) => ({
      ...{ t, count: 1, name: GIVERS[at % GIVERS.length] ?? '', amount: WORTH[at % WORTH.length] ?? 0 },
    })),
    'live.viewers': every(0.2, (t, at) => ({ t, count: Math.round(800 + 90 * at + 180 * Math.sin(at * 1.3)) })),
    captions: [
      { from: 0, to: 1.4, text: 'Hello everybody, and welcome!' },
      { from: 1.4, to: 60, text: 'What is said is drawn word by word, as it is said, in as many lines as it takes.' },
    ],
  };
}

function spectrumAt(t: number): readonly number[] {
  const kick = Math.exp(-(t % 0.5) * 6);
  return Array.from({ length: 32 }, (_, band) => {
    const wave = 0.5 + 0.5 * Math.sin(band * 1.7 + t * 5.3) * Math.sin(band * 0.6 - t * 3.1);
    return Math.max(0, Math.min(1, Math.exp(-band / 16) * 0.85 * wave + kick * (band < 6 ? 0.45 : 0.14)));
  });
}
