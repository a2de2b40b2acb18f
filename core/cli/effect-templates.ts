// What `plinth effect new` writes: small, and already moving.
const script = `import { color, effect, number } from '@plinth/sdk/effect';

export default effect({
  title: 'My effect',
  params: {
    color: color('#ff3b6b'),
    size: number(80, { min: 4, max: 400 }),
  },
  frame({ canvas, width, height, t, params }) {
    const x = width / 2 + Math.sin(t * 2) * width * 0.3;
    canvas.circle(x, height / 2, params.size, { fill: params.color, shadow: { color: '#00000080', blur: 20 } });
  },
});
`;

const python = `import math

from plinth import color, effect, number


@effect(title="My effect", params={"color": color("#ff3b6b"), "size": number(80, min=4, max=400)})
def frame(f):
    x = f.width / 2 + math.sin(f.t * 2) * f.width * 0.3
    f.canvas.circle(x, f.height / 2, f.params.size, fill=f.params.color)
`;

/** By a file's ending. */
export const templates: Readonly<Record<string, string>> = { ts: script, js: script, py: python };
