import { effect, number, point } from '@plinth/sdk/effect';

export default effect({
  title: 'Vignette',
  summary: 'Darker corners, which lead the eye to the middle, at the speed of FFmpeg itself.',
  params: {
    strength: number(0.5, { min: 0, max: 1, step: 0.05 }),
    middle: point(0.5, 0.5, { help: 'What stays bright.' }),
  },
  filters({ width, height, params: { strength, middle } }) {
    if (strength === 0) return [];
    const at = (part: number, length: number) => Math.max(0, Math.min(length, Math.round(part * length)));
    const angle = Number((strength * 1.2).toFixed(3));
    return [{ name: 'vignette', options: { angle, x0: at(middle.x, width), y0: at(middle.y, height) } }];
  },
});
