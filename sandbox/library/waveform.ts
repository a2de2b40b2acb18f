import { choice, color, effect, integer, number } from '@plinth/sdk/effect';

export default effect({
  title: 'Waveform',
  summary: 'The sound of the whole clip as a band of bars, filled as far as it was heard.',
  params: {
    style: choice(['bars', 'line', 'ring']),
    color: color('#ffffff', { group: 'Colours', label: 'Heard' }),
    rest: color('#ffffff59', { group: 'Colours', label: 'Still to come' }),
    panel: color('#0b0f1499', { group: 'Colours', label: 'Panel behind' }),
    count: integer(72, { min: 8, max: 200, label: 'Bars' }),
    place: choice(['bottom', 'middle', 'top']),
    tall: number(90, { min: 20, max: 400, label: 'Height', help: 'In a picture whose shorter side is 720.' }),
  },
  inputs: ['audio.loudness'],
  setup({ data, params }) {
    // One value a frame; each bar has the loudest of its own.
    const loudness = data['audio.loudness'];
    const most = Math.max(0.05, ...loudness);
    const each = loudness.length / params.count;
    return Array.from({ length: params.count }, (_, bar) => {
      const own = loudness.slice(
        Math.floor(bar * each),
        Math.max(Math.floor(bar * each) + 1, Math.floor((bar + 1) * each)),
      );
      return Math.max(0, ...own) / most;
    });
  },
  frame({ canvas, width, height, t, duration, audio, params, state }) {
    const { unit, safe } = canvas;
    const tall = Math.min(params.tall * unit, safe.height);
    const heard = duration > 0 ? t / duration : 0;
    const colorOf = (bar: number) => (bar / state.length <= heard ? params.color : params.rest);
    if (params.style === 'ring') {
      const radius = Math.min(safe.width, safe.height) * 0.26 * (1 + 0.06 * audio.loudness);
      const width_ = ((2 * Math.PI * radius) / state.length) * 0.5;
      state.forEach((value, bar) => {
        const angle = (bar / state.length) * 2 * Math.PI;
        const [sin, cos] = [Math.sin(angle), -Math.cos(angle)];
        const long = radius + Math.max(width_, value * tall);
        const [x, y] = [width / 2, height / 2];
        canvas.line(x + sin * radius, y + cos * radius, x + sin * long, y + cos * long, {
          stroke: colorOf(bar),
          lineWidth: width_,
          cap: 'round',
        });
      });
      return;
    }
    const y = safe.y + (safe.height - tall) * { top: 0, middle: 0.5, bottom: 1 }[params.place];
    const [left, wide] = [safe.x + 24 * unit, safe.width - 48 * unit];
    canvas.rect(safe.x, y, safe.width, tall, { fill: params.panel, radius: 16 * unit });
    const [middle, reach] = [y + tall / 2, tall * 0.42];
    if (params.style === 'line') {
      const top = state.map((value, at) => [left + (wide * at) / (state.length - 1), middle - value * reach] as const);
      const shape = [...top, ...top.map(([x, up]) => [x, 2 * middle - up] as const).reverse()];
      canvas.polygon(shape, { fill: params.rest });
      canvas.group({ clip: [left, y, wide * heard, tall] }, () => canvas.polygon(shape, { fill: params.color }));
      canvas.rect(left + wide * heard - unit, y + tall * 0.06, 2 * unit, tall * 0.88, { fill: params.color });
      return;
    }
    const step = wide / state.length;
    state.forEach((value, bar) => {
      const rise = Math.max(step * 0.6, value * reach * 2);
      canvas.rect(left + (bar + 0.2) * step, middle - rise / 2, step * 0.6, rise, {
        fill: colorOf(bar),
        radius: step * 0.3,
      });
    });
  },
});
