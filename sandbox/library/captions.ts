import { boolean, type Canvas, choice, color, effect, font, integer, number, type TextStyle } from '@plinth/sdk/effect';

/** Scripts that are read from the right. */
const FROM_RIGHT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

export default effect({
  title: 'Captions',
  summary: 'What is said, when it is said: the word of the moment stands out.',
  params: {
    font: font('Sans', { group: 'Letters' }),
    size: number(46, { min: 12, max: 140, group: 'Letters', help: 'In a picture whose shorter side is 720.' }),
    color: color('#ffffff', { group: 'Letters' }),
    highlight: color('#ffd23b', { group: 'Letters', help: 'Of the word that is said.' }),
    capitals: boolean(false, { group: 'Letters' }),
    place: choice(['bottom', 'middle', 'top'], { group: 'Place' }),
    lines: integer(2, { min: 1, max: 5, group: 'Place', help: 'At once; what is longer goes on with its next lines.' }),
    panel: color('#00000000', { group: 'Place', label: 'Panel behind' }),
  },
  inputs: ['captions'],
  frame({ canvas, t, params, data }) {
    const now = data.captions.find(({ from, to }) => t >= from && t < to);
    if (!now || now.text.trim() === '') return;
    const size = Math.min(params.size * canvas.unit, canvas.safe.height / (params.lines * 1.3));
    const style = { size, font: params.font, weight: 700 } as const;
    const text = params.capitals ? now.text.toUpperCase() : now.text;
    const rows = canvas.measure(text, { ...style, maxWidth: canvas.safe.width }).lines.map((line) => line.split(/\s+/));
    const words = rows.reduce((sum, row) => sum + row.length, 0);
    const spoken = Math.floor(((t - now.from) / (now.to - now.from)) * words);
    // Its page: the lines around the word of the moment.
    const firsts = rows.map((_, at) => rows.slice(0, at).reduce((sum, row) => sum + row.length, 0));
    const row = firsts.findLastIndex((first) => first <= spoken);
    const first = row - (row % params.lines);
    const shown = rows.slice(first, first + params.lines);
    const lineHeight = size * 1.3;
    const room = canvas.safe.height - shown.length * lineHeight;
    const top = canvas.safe.y + room * { top: 0, middle: 0.5, bottom: 1 }[params.place];
    shown.forEach((parts, at) => {
      drawLine(canvas, parts, top + at * lineHeight, style, spoken - (firsts[first + at] ?? 0), params);
    });
  },
});

/** Word by word, around the middle. */
function drawLine(
  canvas: Canvas,
  parts: readonly string[],
  top: number,
  style: TextStyle & { readonly size: number },
  spoken: number,
  params: { readonly color: string; readonly highlight: string; readonly panel: string },
): void {
  const { size } = style;
  const space = canvas.measure(' ', style).width;
  const widths = parts.map((part) => canvas.measure(part, style).width);
  const whole = widths.reduce((sum, each) => sum + each, space * (parts.length - 1));
  const left = canvas.safe.x + (canvas.safe.width - whole) / 2;
  canvas.rect(left - size * 0.35, top, whole + size * 0.7, size * 1.3, { fill: params.panel });
  const fromRight = FROM_RIGHT.test(parts.join(''));
  let x = left;
  parts.forEach((part, at) => {
    const wide = widths[at] ?? 0;
    canvas.text(part, fromRight ? left + whole - (x - left) - wide : x, top + size * 0.99, {
      ...style,
      fill: at === spoken ? params.highlight : params.color,
      stroke: '#000000d0',
      lineWidth: size / 7,
      join: 'round',
    });
    x += wide + space;
  });
}
