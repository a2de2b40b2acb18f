import { color, effect, integer, number } from '@plinth/sdk/effect';

export default effect({
  title: 'Beat bars',
  summary: 'Bars that rise with the sound and flash on the beat.',
  params: {
    color: color('#ff3b6b'),
    flash: color('#ffffff'),
    bars: integer(24, { min: 4, max: 96 }),
    tall: number(0.4, { min: 0.05, max: 1, step: 0.05, label: 'Height', help: 'Of the picture.' }),
  },
  inputs: ['audio.spectrum', 'audio.beats'],
  frame({ canvas, width, height, audio, params }) {
    const step = width / params.bars;
    const lit = Math.max(0, 1 - audio.sinceBeat / 0.2);
    for (let bar = 0; bar < params.bars; bar++) {
      const band = Math.floor((bar / params.bars) * audio.spectrum.length);
      const rise = Math.max(0.02, audio.spectrum[band] ?? 0) * params.tall * height;
      const box = [bar * step + step * 0.15, height - rise, step * 0.7, rise] as const;
      canvas.rect(...box, { fill: params.color, radius: step * 0.2 });
      if (lit > 0) canvas.rect(...box, { fill: params.flash, opacity: lit * 0.6, radius: step * 0.2 });
    }
  },
});
