import { choice, color, effect, integer, number } from '@plinth/sdk/effect';

export default effect({
  title: 'Beat bars',
  summary: 'Bars that rise with the sound and flash on the beat.',
  params: {
    color: color('#ff3b6b', { group: 'Colours' }),
    top: color('#ffd23b', { group: 'Colours', help: 'At the end of the highest bars.' }),
    flash: color('#ffffff', { group: 'Colours', help: 'On the beat.' }),
    bars: integer(32, { min: 4, max: 96, group: 'Shape' }),
    tall: number(0.35, { min: 0.05, max: 1, step: 0.05, group: 'Shape', label: 'Height', help: 'Of the picture.' }),
    gap: number(0.3, { min: 0, max: 0.9, step: 0.05, group: 'Shape' }),
    from: choice(['bottom', 'middle', 'top'], { group: 'Shape' }),
  },
  inputs: ['audio.spectrum', 'audio.beats'],
  frame({ canvas, width, height, audio, params }) {
    const step = width / params.bars;
    const wide = step * (1 - params.gap);
    const lit = Math.max(0, 1 - audio.sinceBeat / 0.2);
    const most = params.tall * height;
    const ends = { bottom: [height, -1], middle: [height / 2, 0], top: [0, 1] } as const;
    const [base, way] = ends[params.from];
    const stops = [
      [0, params.color],
      [1, params.top],
    ] as const;
    const fill = { from: [0, base], to: [0, base + (way || -0.5) * most], stops } as const;
    for (let bar = 0; bar < params.bars; bar++) {
      const rise = Math.max(wide * 0.35, valueAt(audio.spectrum, (bar + 0.5) / params.bars) * most);
      const y = way === 0 ? base - rise / 2 : Math.min(base, base + way * rise);
      const box = [bar * step + (step - wide) / 2, y, wide, rise] as const;
      canvas.rect(...box, { fill, radius: wide * 0.35 });
      if (lit > 0) canvas.rect(...box, { fill: params.flash, opacity: lit * 0.6, radius: wide * 0.35 });
    }
  },
});

/** Between two bands there is what lies between their values. */
function valueAt(spectrum: readonly number[], part: number): number {
  if (spectrum.length === 0) return 0;
  const at = Math.max(0, Math.min(spectrum.length - 1, part * spectrum.length - 0.5));
  const [low = 0, high = 0] = [spectrum[Math.floor(at)], spectrum[Math.ceil(at)]];
  return Math.min(1, low + (high - low) * (at - Math.floor(at)));
}
