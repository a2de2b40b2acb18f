// The inside of the wall: takes programs in, runs one call at a time, and says what came of it.
import { Socket } from 'node:net';
import { JavaScriptGuest } from '../javascript/guest.ts';
import { isPrepared, prepareIsolate } from '../javascript/isolate.ts';
import { explain, type Limits, limitsOf } from '../limits.ts';
import { Channel } from '../supervisor/channel.ts';
import { CALL_IS_OVER, type FromChild, type ToChild } from '../supervisor/protocol.ts';
import { type Guest, GuestFailure, type Surroundings } from './guest.ts';
import { startWatch, Work } from './watch.ts';

/** Of what is asked for; and of the note that more was printed. */
const NAME_LENGTH = 200;
/** Nothing came for so long: there is time for what may be needed next. */
const IDLE_AFTER_MS = 1;
/** So many more than it may have asked for are still refused in words. */
const FLOOD = 100;
const guests = new Map<number, Guest>();

/** The call at work, and what it has used of us. */
let current = { guest: 0, call: '', asked: 0, printed: 0 };

const host = new Channel<ToChild, FromChild>(
  new Socket({ fd: 3, readable: true, writable: true }),
  Number.POSITIVE_INFINITY,
  (message) => void hear(message),
  // Nobody is left to work for. An isolate whose process ends by itself may fault at the end.
  () => process.kill(process.pid, 'SIGKILL'),
);

/**
 * What one program may reach of us. Its isolate and our supervisor count as well: this is for a program that has got
 * around the first, so that its flood ends before it comes to the second.
 */
function surroundingsOf(id: number, limits: Limits): Surroundings {
  const refusal = (token: string, name: string, argument: string): string | undefined => {
    if (token !== current.call) return CALL_IS_OVER;
    if (++current.asked > limits.calls) return explain.calls(limits);
    return name.length + argument.length > limits.callBytes + NAME_LENGTH ? explain.callBytes(limits) : undefined;
  };
  return {
    print(text) {
      current.printed += text.length + 1;
      if (current.printed <= limits.printBytes + NAME_LENGTH) host.say({ say: 'printed', text });
    },
    ask(token, request, name, argument) {
      const error = refusal(token, name, argument);
      // Each is told once that it was too much; a flood is not answered.
      if (current.asked > 2 * limits.calls + FLOOD) return;
      if (error === undefined) host.say({ say: 'asks', call: token, request, name, text: argument });
      // The guest is at work: it hears of it when it waits.
      else setImmediate(() => guests.get(id)?.answer(request, undefined, error));
    },
  };
}

let idle: NodeJS.Timeout | undefined;
let memoryMb = limitsOf().memoryMb;

startWatch();
host.say({ say: 'ready' });
beReady();

async function hear(message: ToChild): Promise<void> {
  clearTimeout(idle);
  if (message.do === 'answer') {
    // What an earlier call asked for may come late: its number may be another's by now.
    if (message.call === current.call) guests.get(current.guest)?.answer(message.request, message.text, message.error);
  } else if (message.do === 'forget') forget(message.guest);
  else if (message.do === 'warm') (await python()).warm(message.snapshot);
  else await work(message);
  // What was loaded is called next.
  if (message.do !== 'load' && !isPrepared()) beReady();
}

/** Python's part is read only where there is Python. */
const python = () => import('../python/guest.ts');

/** The next program finds an isolate that is made already. */
function beReady(): void {
  clearTimeout(idle);
  idle = setTimeout(() => prepareIsolate(memoryMb), IDLE_AFTER_MS);
}

type Task = Extract<ToChild, { do: 'load' | 'call' }>;
type Done = Pick<Extract<FromChild, { say: 'done' }>, 'text' | 'failure'>;

async function work(message: Task): Promise<void> {
  current = { guest: message.guest, call: message.do === 'call' ? message.call : '', asked: 0, printed: 0 };
  try {
    if (message.do === 'load') guests.set(message.guest, await open(message));
  } catch (error) {
    return host.say({ say: 'done', ...crashed(error), cpuMs: 0, peakMemory: 0 });
  }
  const guest = guests.get(message.guest);
  const bounded = new Work(message.limits, guest?.interrupt);
  const done = await outcomeOf(message, guest, bounded);
  const { hit, ...figures } = bounded.end();
  // Where it was when it stopped by itself, if it did.
  const stack = done.failure?.stack;
  const stopped: Done | undefined = hit && { failure: { code: hit, message: '', ...(stack ? { stack } : {}) } };
  host.say({ say: 'done', ...(stopped ?? done), ...figures });
}

async function open({ guest, program, limits, snapshot }: Extract<Task, { do: 'load' }>): Promise<Guest> {
  const surroundings = surroundingsOf(guest, limits);
  memoryMb = limits.memoryMb;
  if (program.language === 'javascript') return new JavaScriptGuest(program, limits, surroundings);
  return (await python()).openPythonGuest(program, limits, surroundings, snapshot);
}

async function outcomeOf(message: Task, guest: Guest | undefined, bounded: Work): Promise<Done> {
  try {
    if (!guest) throw new GuestFailure('crashed', 'The program is not loaded.');
    if (message.do === 'call') return { text: await guest.call(bounded, message.call, message.text) };
    await guest.load(bounded);
    return {};
  } catch (error) {
    return error instanceof GuestFailure ? { failure: error.failure } : crashed(error);
  }
}

const crashed = (error: unknown): Done => ({ failure: { code: 'crashed', message: String(error) } });

function forget(id: number): void {
  guests.get(id)?.dispose();
  guests.delete(id);
}
