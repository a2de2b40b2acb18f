import { boolean, type Canvas, effect, number, text } from '@plinth/sdk/effect';

export default effect({
  title: 'VHS',
  summary: 'A tape that was played too often: colours that run, lines, noise, and a word in the corner.',
  params: {
    wear: number(0.5, { min: 0, max: 1, step: 0.05, help: 'How often it was played.' }),
    word: text('PLAY', { maxLength: 20, group: 'Corner' }),
    clock: boolean(true, { group: 'Corner', help: 'How long it plays already.' }),
    lines: number(0.35, { min: 0, max: 1, step: 0.05, label: 'Scan lines' }),
  },
  filters({ width, params: { wear } }) {
    const run = Math.round((width / 1280) * (3 + 9 * wear));
    return [
      { name: 'gblur', options: { sigma: 0.4 + wear * 0.9, steps: 1 } },
      { name: 'chromashift', options: { cbh: run, crh: -run, cbv: Math.round(run / 4), edge: 'smear' } },
      { name: 'eq', options: { saturation: 1.25 - 0.2 * wear, contrast: 0.94, brightness: 0.02, gamma_r: 1.05 } },
      { name: 'noise', options: { alls: Math.round(6 + 22 * wear), allf: 't', all_seed: 7 } },
    ];
  },
  frame({ canvas, width, height, t, params, random }) {
    const { unit, safe } = canvas;
    const gap = Math.max(2, Math.round(3 * unit));
    // One path for all lines: a row dark, the next as it is.
    const rows = Array.from({ length: Math.ceil(height / gap) }, (_, row) => `M 0 ${row * gap + 0.5} H ${width}`);
    if (params.lines > 0)
      canvas.path(rows.join(' '), {
        stroke: '#000000',
        lineWidth: Math.max(1, gap / 2.5),
        opacity: params.lines * 0.5,
        fill: '#00000000',
      });
    tracking(canvas, width, height, t, params.wear, random);
    const type = {
      font: 'Mono',
      weight: 700,
      size: 42 * unit,
      fill: '#ffffff',
      shadow: { color: '#000000a0', blur: 6 * unit },
    } as const;
    const word = params.word.trim();
    const baseline = safe.y + 42 * unit;
    if (word !== '') {
      canvas.text(word, safe.x, baseline, type);
      const x = safe.x + canvas.measure(`${word} `, type).width;
      const tall = 30 * unit;
      const arrow = [
        [x, baseline - tall],
        [x + tall * 0.85, baseline - tall / 2],
        [x, baseline],
      ] as const;
      if (t % 1 < 0.7) canvas.polygon(arrow, { fill: '#ffffff' });
    }
    if (params.clock) canvas.text(clockOf(t), safe.x, safe.y + safe.height, type);
  },
});

/** Bands of torn lines that wander up the picture. */
function tracking(canvas: Canvas, width: number, height: number, t: number, wear: number, random: () => number): void {
  const { unit } = canvas;
  const top = height * (1.15 - ((t * 0.23) % 1.35));
  const tall = height * 0.06;
  canvas.rect(0, top, width, tall, { fill: '#ffffff', opacity: 0.05 + 0.07 * wear });
  for (let streak = 0; streak < 14 + 50 * wear; streak++) {
    const inBand = streak % 3 > 0;
    const y = inBand ? top + random() * tall : random() * height;
    const long = (20 + random() * 260) * unit * (inBand ? 1 : 0.25);
    canvas.rect(random() * width - long / 2, y, long, Math.max(1, 2.2 * unit), {
      fill: '#ffffff',
      opacity: 0.15 + random() * 0.45,
    });
  }
}

const two = (number: number) => String(Math.floor(number)).padStart(2, '0');
const clockOf = (t: number) => `SP ${two(t / 3600)}:${two((t / 60) % 60)}:${two(t % 60)}`;
