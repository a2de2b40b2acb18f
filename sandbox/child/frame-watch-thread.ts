import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { KILL_AFTER_MS } from '../limits.ts';
import { LATE_WORDS, SLOTS } from './frame-watch.ts';

const shared = workerData as Int32Array;
const LOOK_EVERY_MS = 100;

let [turn, since] = [0, 0];
for (;;) {
  const now = performance.now();
  const current = Atomics.load(shared, SLOTS.turn);
  if (current !== turn) [turn, since] = [current, now];
  // Entered, and not left again.
  const isInside = turn % 2 === 1;
  if (isInside && now - since > Atomics.load(shared, SLOTS.most) + KILL_AFTER_MS) {
    writeSync(2, `\n${LATE_WORDS} ${Atomics.load(shared, SLOTS.frame)}\n`);
    process.kill(process.pid, 'SIGKILL');
  }
  Atomics.wait(shared, SLOTS.turn, current, LOOK_EVERY_MS);
}
