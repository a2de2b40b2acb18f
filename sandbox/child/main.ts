// The inside of the wall: takes programs in, runs one call at a time, and says what came of it.
import { JavaScriptGuest } from '../javascript/guest.ts';
import { explain, type Limits } from '../limits.ts';
import { CALL_IS_OVER, type FromChild, type ToChild } from '../supervisor/protocol.ts';
import { type Guest, GuestFailure, type Surroundings } from './guest.ts';
import { forgetPeak, peakMemory } from './memory.ts';

/** Of what is asked for; and of the note that more was printed. */
const NAME_LENGTH = 200;
const guests = new Map<number, Guest>();
const tell = (message: FromChild) => void process.send?.(message);

/** The call at work, and what it has used of us. */
let current = { call: '', asked: 0, printed: 0 };

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
      if (current.printed <= limits.printBytes + NAME_LENGTH) tell({ say: 'printed', text });
    },
    ask(token, request, name, argument) {
      const error = refusal(token, name, argument);
      if (error === undefined) tell({ say: 'asks', call: token, request, name, argument });
      else guests.get(id)?.answer(request, undefined, error);
    },
  };
}

process.on('message', (message: ToChild) => void hear(message));
process.on('disconnect', () => process.exit(0));
tell({ say: 'ready' });

async function hear(message: ToChild): Promise<void> {
  if (message.do === 'answer') {
    for (const guest of guests.values()) guest.answer(message.request, message.value, message.error);
  } else if (message.do === 'forget') forget(message.guest);
  else if (message.do === 'warm') (await python()).warm(message.snapshot);
  else await work(message);
}

/** Python's part is read only where there is Python. */
const python = () => import('../python/guest.ts');

type Work = Extract<ToChild, { do: 'load' | 'call' }>;

async function work(message: Work): Promise<void> {
  try {
    if (message.do === 'load') guests.set(message.guest, await open(message));
  } catch (error) {
    return tell({ say: 'done', failure: { code: 'crashed', message: String(error) }, cpuMs: 0, peakMemory: 0 });
  }
  current = { call: message.do === 'call' ? message.call : '', asked: 0, printed: 0 };
  const before = message.do === 'load' ? 0 : (guests.get(message.guest)?.cpuMs ?? 0);
  forgetPeak();
  const outcome = await outcomeOf(message);
  const cpuMs = (guests.get(message.guest)?.cpuMs ?? before) - before;
  tell({ say: 'done', ...outcome, cpuMs, peakMemory: peakMemory() });
}

async function open({ guest, program, limits, snapshot }: Extract<Work, { do: 'load' }>): Promise<Guest> {
  const surroundings = surroundingsOf(guest, limits);
  if (program.language === 'javascript') return new JavaScriptGuest(program, limits, surroundings);
  return (await python()).openPythonGuest(program, limits, surroundings, snapshot);
}

async function outcomeOf(message: Work): Promise<Pick<Extract<FromChild, { say: 'done' }>, 'value' | 'failure'>> {
  try {
    const guest = guests.get(message.guest);
    if (!guest) throw new GuestFailure('crashed', 'The program is not loaded.');
    if (message.do === 'call') return { value: await guest.call(message.call, message.input, message.limits) };
    await guest.load(message.limits);
    return {};
  } catch (error) {
    if (error instanceof GuestFailure) return { failure: error.failure };
    return { failure: { code: 'crashed', message: String(error) } };
  }
}

function forget(id: number): void {
  guests.get(id)?.dispose();
  guests.delete(id);
}
