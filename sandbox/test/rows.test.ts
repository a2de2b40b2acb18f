import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Rows, withRows } from '../draw/rows.ts';

const collected = (all: readonly Rows[]) => all.reduce<readonly Rows[]>(withRows, []);

test('rows far from each other stay apart, and near ones become one', () => {
  const [title, name, close] = [
    { top: 20, bottom: 60 },
    { top: 500, bottom: 700 },
    { top: 70, bottom: 100 },
  ];
  expect(collected([name, title])).toEqual([title, name]);
  expect(collected([name, title, close])).toEqual([{ top: 20, bottom: 100 }, name]);
});

test('every row that was given is in one of at most four stretches, which rise and do not touch', () => {
  const stretch = fc
    .tuple(fc.nat(2_000), fc.integer({ min: 1, max: 300 }))
    .map(([top, tall]) => ({ top, bottom: top + tall }));
  fc.assert(
    fc.property(fc.array(stretch, { maxLength: 30 }), (all) => {
      const rows = collected(all);
      for (const { top, bottom } of all) expect(rows.some((one) => one.top <= top && one.bottom >= bottom)).toBe(true);
      expect(rows.length).toBeLessThanOrEqual(4);
      const gaps = rows.slice(1).map(({ top }, at) => top - (rows[at]?.bottom ?? 0));
      expect(gaps.every((gap) => gap > 0)).toBe(true);
      expect(collected(rows)).toEqual(rows);
    }),
  );
});
