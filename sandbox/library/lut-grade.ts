import { choice, effect, type Filter, number } from '@plinth/sdk/effect';

/** Shadows, middle and lights: how much red, green and blue each gains; how full the colours are; the curve of the light. */
interface Look {
  readonly shadows: readonly [number, number, number];
  readonly middle: readonly [number, number, number];
  readonly lights: readonly [number, number, number];
  readonly saturation: number;
  /** What becomes of a quarter, a half and three quarters of the light, and of black and white. */
  readonly curve: readonly [number, number, number, number, number];
}

const LOOKS: Readonly<Record<string, Look>> = {
  'Teal and orange': {
    shadows: [-0.16, 0.02, 0.14],
    middle: [0.03, 0, -0.03],
    lights: [0.14, 0.03, -0.14],
    saturation: 1.15,
    curve: [0, 0.2, 0.5, 0.79, 1],
  },
  'Golden hour': {
    shadows: [0.04, -0.02, -0.06],
    middle: [0.1, 0.03, -0.08],
    lights: [0.12, 0.06, -0.1],
    saturation: 1.1,
    curve: [0.02, 0.26, 0.54, 0.8, 1],
  },
  'Cold morning': {
    shadows: [-0.1, -0.02, 0.1],
    middle: [-0.06, 0, 0.06],
    lights: [-0.02, 0.02, 0.06],
    saturation: 0.85,
    curve: [0.03, 0.25, 0.5, 0.77, 0.98],
  },
  'Faded print': {
    shadows: [0.05, 0.03, 0.06],
    middle: [0.03, 0, 0],
    lights: [0.03, 0.02, -0.06],
    saturation: 0.75,
    curve: [0.13, 0.31, 0.52, 0.73, 0.92],
  },
  'Bleach bypass': {
    shadows: [0, 0, 0.02],
    middle: [0, 0, 0],
    lights: [0.02, 0.01, -0.01],
    saturation: 0.45,
    curve: [0, 0.16, 0.5, 0.85, 1],
  },
  'Black and white': {
    shadows: [0, 0, 0],
    middle: [0, 0, 0],
    lights: [0, 0, 0],
    saturation: 0,
    curve: [0, 0.2, 0.5, 0.82, 1],
  },
  Neon: {
    shadows: [0.04, -0.1, 0.2],
    middle: [0.06, -0.06, 0.06],
    lights: [-0.06, 0.03, 0.1],
    saturation: 1.4,
    curve: [0, 0.18, 0.48, 0.8, 1],
  },
};
const NAMES = [
  'Teal and orange',
  'Golden hour',
  'Cold morning',
  'Faded print',
  'Bleach bypass',
  'Black and white',
  'Neon',
] as const;

export default effect({
  title: 'Colour grade',
  summary: 'One of seven looks, as strong as you like, at the speed of FFmpeg itself.',
  params: {
    look: choice(NAMES),
    strength: number(1, { min: 0, max: 1, step: 0.05 }),
    exposure: number(0, { min: -1.5, max: 1.5, step: 0.05, group: 'Before the look', help: 'In stops.' }),
    temperature: number(0, {
      min: -1,
      max: 1,
      step: 0.05,
      group: 'Before the look',
      help: 'Warmer above 0, colder below.',
    }),
  },
  filters({ params: { look, strength, exposure, temperature } }) {
    const { shadows, middle, lights, saturation, curve } = LOOKS[look] ?? LOOKS[NAMES[0]] ?? NOTHING;
    const part = (value: number) => Number((value * strength).toFixed(3));
    const balance = Object.fromEntries(
      [shadows, middle, lights].flatMap((gains, at) =>
        gains.map((gain, channel) => [`${'rgb'[channel]}${'smh'[at]}`, part(gain)]),
      ),
    );
    const points = curve.map((y, at) => `${at / 4}/${(at / 4 + (y - at / 4) * strength).toFixed(4)}`);
    const before: readonly Filter[] = [
      ...(exposure === 0 ? [] : [{ name: 'exposure', options: { exposure } }]),
      ...(temperature === 0
        ? []
        : [{ name: 'colortemperature', options: { temperature: Math.round(6500 - temperature * 2500) } }]),
    ];
    if (strength === 0) return before;
    return [
      ...before,
      { name: 'colorbalance', options: balance },
      { name: 'curves', options: { master: points.join(' ') } },
      { name: 'eq', options: { saturation: 1 + part(saturation - 1) } },
    ];
  },
});

const NOTHING: Look = {
  shadows: [0, 0, 0],
  middle: [0, 0, 0],
  lights: [0, 0, 0],
  saturation: 1,
  curve: [0, 0.25, 0.5, 0.75, 1],
};
