// Hands a frame of 1280x720 to an effect and takes it back, as a render's process does: a process of its own, since
// isolates want a switch that benchmarks do not run with. Prints the milliseconds of each frame.
import type { EffectSource } from '../sandbox/javascript/frame-player.ts';
import { limitsOf } from '../sandbox/limits.ts';

const [WIDTH, HEIGHT, FRAMES, WARM] = [1280, 720, 2_000, 200];
const { openPlayer } = await import('../sandbox/child/open-player.ts');
const { compile } = await import('../sandbox/supervisor/compile.ts');
const { effectBundle } = await import('../sandbox/javascript/effect-bundle.ts');

const { program } = await compile(
  'bench.js',
  `import { effect } from '@plinth/sdk/effect';
   export default effect({ title: 'Touch', frame({ pixels, index }) { pixels.data[index] = index & 255; } });`,
);
const picture = new SharedArrayBuffer(WIDTH * HEIGHT * 4);
const source: EffectSource = { program, runtime: await effectBundle(), picture };
const player = await openPlayer(source, limitsOf(), () => {});
const duration = FRAMES / 30;
player.start({ width: WIDTH, height: HEIGHT, fps: 30, duration, frames: FRAMES, params: {}, data: {}, seed: 1 });
const taken: number[] = [];
for (let index = 0; index < FRAMES; index++) {
  const began = performance.now();
  player.frame(index);
  if (index >= WARM) taken.push(performance.now() - began);
}
if (new Uint8Array(picture)[FRAMES - 1] !== ((FRAMES - 1) & 255)) throw new Error('The frame did not come back.');
process.stdout.write(JSON.stringify(taken), () => process.kill(process.pid, 'SIGKILL'));
