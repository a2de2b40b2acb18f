// The effects that renders are measured with.

const head = `import { color, effect } from '@plinth/sdk/effect';\n`;

/** One look at every colour. */
const FILTERS = `export default effect({ title: 'Filters', filters: () => [{ name: 'eq', options: { contrast: 1.1, saturation: 1.2 } }] });`;

const LOWER_THIRD = `export default effect({ title: 'Lower third', frame({ canvas, width, height, t }) {
  canvas.rect(40, height - 150, width * 0.5, 110, { fill: '#101418d9', radius: 10 });
  canvas.text('Ada Lovelace', 70, height - 95, { size: 40, weight: 700, fill: '#ffffff' });
  canvas.text('First programmer · ' + Math.floor(t), 70, height - 60, { size: 24, fill: '#d7dde3' });
} });`;

/** Fifty drawings from the top of the picture to its bottom, a third of which they cover; they move in every frame. */
const DRAWING = `export default effect({ title: 'Drawing', frame({ canvas, width, height, t }) {
  const top = height * 0.62, unit = width / 14;
  canvas.text('Listeners now', 40, 60, { size: height / 24, weight: 700, fill: '#ffffff' });
  canvas.text(t.toFixed(2), width - 40, 60, { size: height / 24, align: 'right', fill: '#ffffff' });
  canvas.rect(0, top, width, height - top, { fill: '#101418cc' });
  for (let bar = 0; bar < 14; bar++) {
    const rise = (0.16 + 0.08 * Math.sin(t * 2 + bar)) * height;
    canvas.rect((bar + 0.15) * unit, height - rise, 0.7 * unit, rise, { radius: 8,
      fill: { stops: [[0, '#ff3b6be6'], [1, '#3b6bff80']], from: [0, height - rise], to: [0, height] } });
  }
  for (let disc = 0; disc < 20; disc++)
    canvas.circle((disc + 0.5) * width / 20, top + height * (0.09 + 0.03 * Math.sin(t * 3 + disc)), height / 90, { fill: '#ffd23b' });
  const points = [];
  for (let at = 0; at < 60; at++) points.push([(at * width) / 59, top + height * (0.2 + 0.05 * Math.sin(at / 3 + t * 3))]);
  canvas.polygon(points, { open: true, stroke: '#00ff88', lineWidth: 3 });
  for (let word = 0; word < 12; word++)
    canvas.text((50 + 40 * Math.sin(t + word)).toFixed(1), (word + 0.5) * unit, height - 12, { size: height / 36, align: 'center', fill: '#ffffff' });
} });`;

const PIXELS = `export default effect({ title: 'Pixels',
  setup: () => ({ table: Uint8Array.from({ length: 256 }, (_, value) => 255 * (value / 255) ** 0.8) }),
  frame({ pixels: { data }, state: { table } }) {
    for (let at = 0; at < data.length; at += 4) {
      data[at] = table[data[at]]; data[at + 1] = table[data[at + 1]]; data[at + 2] = table[data[at + 2]];
    }
  } });`;

/** The same drawing as in JavaScript. */
const PYTHON = `from math import sin
from plinth import effect

@effect(title="Drawing")
def frame(f):
    canvas, width, height, t = f.canvas, f.width, f.height, f.t
    top, unit = height * 0.62, width / 14
    canvas.text("Listeners now", 40, 60, size=height / 24, weight=700, fill="#ffffff")
    canvas.text(f"{t:.2f}", width - 40, 60, size=height / 24, align="right", fill="#ffffff")
    canvas.rect(0, top, width, height - top, fill="#101418cc")
    for bar in range(14):
        rise = (0.16 + 0.08 * sin(t * 2 + bar)) * height
        canvas.rect((bar + 0.15) * unit, height - rise, 0.7 * unit, rise, radius=8, fill={
            "stops": [[0, "#ff3b6be6"], [1, "#3b6bff80"]], "from": [0, height - rise], "to": [0, height]})
    for disc in range(20):
        canvas.circle((disc + 0.5) * width / 20, top + height * (0.09 + 0.03 * sin(t * 3 + disc)), height / 90, fill="#ffd23b")
    points = [(at * width / 59, top + height * (0.2 + 0.05 * sin(at / 3 + t * 3))) for at in range(60)]
    canvas.polygon(points, open=True, stroke="#00ff88", line_width=3)
    for word in range(12):
        canvas.text(f"{50 + 40 * sin(t + word):.1f}", (word + 0.5) * unit, height - 12, size=height / 36, align="center", fill="#ffffff")
`;

export const EFFECTS = {
  filters: { file: 'filters.ts', text: head + FILTERS },
  lowerThird: { file: 'lower-third.ts', text: head + LOWER_THIRD },
  drawing: { file: 'drawing.ts', text: head + DRAWING },
  pixels: { file: 'pixels.ts', text: head + PIXELS },
  python: { file: 'drawing.py', text: PYTHON },
} as const;

export type EffectName = keyof typeof EFFECTS;
