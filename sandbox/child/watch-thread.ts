import { openSync, readSync, writeSync } from 'node:fs';
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { MEMORY_SLACK_MB, PYTHON_BASE_MB } from '../limits.ts';
import { type BoundHit, hitIn, type Interrupt, LATE_WORDS, NO_FRAME, SLOTS, STOPPED_WORDS } from './watch-slots.ts';

const shared = workerData as Int32Array;
const port = parentPort as MessagePort;
const LOOK_EVERY_MS = 5;
/** Without work for so long it sleeps until it is woken. */
const SLEEP_AFTER_MS = 500;
const MB = 1024 * 1024;
const STOP = 2;

const at = (slot: number): number => Atomics.load(shared, slot);

/** Of the thread that is watched, which is the process's first. */
const cpuMs = watchedCpu();

function watchedCpu(): () => number {
  const bytes = Buffer.alloc(64);
  try {
    const file = openSync('/proc/self/schedstat', 'r');
    return () => Number.parseInt(bytes.toString('latin1', 0, readSync(file, bytes, 0, 64, 0)), 10) / 1e6;
  } catch {
    // Where the system does not tell, it is that of the whole process.
    return () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    };
  }
}

/** How things were when a turn was first seen: at most one look after it began. */
interface Turn {
  readonly since: number;
  readonly cpu: number;
  readonly rss: number;
  starting: number;
  hit: { readonly bound: BoundHit; readonly at: number } | undefined;
}

const look = (): Turn => ({
  since: performance.now(),
  cpu: cpuMs(),
  rss: process.memoryUsage.rss(),
  starting: at(SLOTS.starting),
  hit: undefined,
});

function exceeded(turn: Turn): BoundHit | undefined {
  const [cpu, memory] = [at(SLOTS.cpuMs), at(SLOTS.memoryMb)];
  // Interpreters that began to start meanwhile have memory of their own.
  turn.starting = Math.max(turn.starting, at(SLOTS.starting));
  const most = (memory + MEMORY_SLACK_MB + turn.starting * PYTHON_BASE_MB) * MB;
  if (performance.now() - turn.since > at(SLOTS.wallMs)) return 'time';
  if (memory > 0 && process.memoryUsage.rss() - turn.rss > most) return 'memory';
  return cpu > 0 && cpuMs() - turn.cpu > cpu ? 'cpu' : undefined;
}

function judge(turn: Turn): void {
  const now = performance.now();
  const bound = turn.hit ? undefined : exceeded(turn);
  // It may be over by now.
  if (at(SLOTS.turn) !== seen) return;
  if (bound !== undefined) {
    turn.hit = { bound, at: now };
    Atomics.store(shared, SLOTS.hit, hitIn(seen, bound));
    interrupt();
  }
  if (!turn.hit) return;
  const grace = turn.hit.bound === 'memory' ? 0 : at(SLOTS.graceMs);
  if (now - turn.hit.at >= grace) end(turn, turn.hit.bound);
}

const words = new Map<number, Int32Array>();

/** Asks it to stop by itself, so that it can say where it was. */
function interrupt(): void {
  for (let one = receiveMessageOnPort(port); one; one = receiveMessageOnPort(port)) {
    const { id, word } = one.message as Interrupt;
    words.set(id, word);
  }
  const word = words.get(at(SLOTS.interrupt));
  if (word) Atomics.store(word, 0, STOP);
}

function end(turn: Turn, code: BoundHit): void {
  const frame = at(SLOTS.frame);
  const peakMemory = Math.max(0, process.resourceUsage().maxRSS - at(SLOTS.base)) * 1024;
  const figures = { cpuMs: cpuMs() - turn.cpu, peakMemory };
  const said = JSON.stringify({ failure: { code, message: '' }, ...figures });
  writeSync(2, frame === NO_FRAME ? `\n${STOPPED_WORDS}${said}\n` : `\n${LATE_WORDS} ${frame}\n`);
  process.kill(process.pid, 'SIGKILL');
}

let turn: Turn | undefined;
let seen = -1;
let idleSince = performance.now();
for (;;) {
  const current = at(SLOTS.turn);
  // Entered, and not left again.
  const isInside = current % 2 === 1;
  if (current !== seen) {
    [seen, idleSince] = [current, performance.now()];
    turn = isInside ? look() : undefined;
  }
  if (turn) judge(turn);
  const sleeps = !isInside && performance.now() - idleSince > SLEEP_AFTER_MS;
  Atomics.store(shared, SLOTS.asleep, sleeps ? 1 : 0);
  Atomics.wait(shared, SLOTS.turn, current, sleeps ? undefined : LOOK_EVERY_MS);
}
