// The inside of the wall: takes programs in, runs one call at a time, and says what came of it.
import { JavaScriptGuest } from '../javascript/guest.ts';
import type { FromChild, ToChild } from '../supervisor/protocol.ts';
import { type Guest, GuestFailure, type Surroundings } from './guest.ts';
import { forgetPeak, peakMemory } from './memory.ts';

const guests = new Map<number, Guest>();
const tell = (message: FromChild) => void process.send?.(message);

const surroundings: Surroundings = {
  print: (text) => tell({ say: 'printed', text }),
  ask: (call, request, name, argument) => tell({ say: 'asks', call, request, name, argument }),
};

process.on('message', (message: ToChild) => void hear(message));
process.on('disconnect', () => process.exit(0));
tell({ say: 'ready' });

async function hear(message: ToChild): Promise<void> {
  if (message.do === 'answer') {
    for (const guest of guests.values()) guest.answer(message.request, message.value, message.error);
    return;
  }
  if (message.do === 'forget') return forget(message.guest);
  const before = guests.get(message.guest)?.cpuMs ?? 0;
  forgetPeak();
  const outcome = await outcomeOf(message);
  const cpuMs = (guests.get(message.guest)?.cpuMs ?? before) - before;
  tell({ say: 'done', ...outcome, cpuMs, peakMemory: peakMemory() });
}

async function outcomeOf(
  message: Extract<ToChild, { do: 'load' | 'call' }>,
): Promise<Pick<Extract<FromChild, { say: 'done' }>, 'value' | 'failure'>> {
  try {
    if (message.do === 'load') {
      const guest = new JavaScriptGuest(message.program, message.limits, surroundings);
      guests.set(message.guest, guest);
      await guest.load(message.limits);
      return {};
    }
    const guest = guests.get(message.guest);
    if (!guest) throw new GuestFailure('crashed', 'The program is not loaded.');
    return { value: await guest.call(message.call, message.input, message.limits) };
  } catch (error) {
    if (error instanceof GuestFailure) return { failure: error.failure };
    return { failure: { code: 'crashed', message: String(error) } };
  }
}

function forget(id: number): void {
  guests.get(id)?.dispose();
  guests.delete(id);
}
