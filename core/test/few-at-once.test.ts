import { expect, test } from 'vitest';
import { fewAtOnce } from '../work/few-at-once.ts';

const FEW = { atOnce: 1, waiting: 2, busy: 'Many are at it.' };

/** Runs that end when they are told to, and the order in which they began. */
function runs() {
  const inTurn = fewAtOnce(FEW);
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const ask = (site: string, name: string) =>
    inTurn(site, () => {
      begun.push(name);
      return new Promise<void>((resolve) => ends.push(resolve));
    });
  const endNext = async () => {
    await new Promise(setImmediate);
    ends.shift()?.();
    await new Promise(setImmediate);
  };
  return { ask, begun, endNext };
}

test('a site that asks for a lot holds up only itself', async () => {
  const { ask, begun, endNext } = runs();
  const all = [ask('ada', 'ada 1'), ask('ada', 'ada 2'), ask('ada', 'ada 3')];
  await expect(ask('ada', 'ada 4')).rejects.toMatchObject({ code: 'kernel.unavailable', detail: FEW.busy });
  all.push(ask('bob', 'bob 1'), ask('bob', 'bob 2'));
  for (const _ of all) await endNext();
  await Promise.all(all);
  expect(begun).toEqual(['ada 1', 'ada 2', 'bob 1', 'ada 3', 'bob 2']);
});

test('a place is free again when nobody waited for it', async () => {
  const { ask, begun, endNext } = runs();
  const first = ask('ada', 'ada 1');
  await endNext();
  await first;
  void ask('bob', 'bob 1');
  await endNext();
  expect(begun).toEqual(['ada 1', 'bob 1']);
});
