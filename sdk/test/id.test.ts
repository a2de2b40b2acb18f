import { expect, test } from 'vitest';
import { newId } from '../id.ts';

test('ids are uuids of version 7, none twice, each greater than the one before', () => {
  const ids = Array.from({ length: 20_000 }, () => newId());
  expect(ids.every((id) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(
    true,
  );
  expect(ids.every((id, at) => at === 0 || id > (ids[at - 1] ?? ''))).toBe(true);
});
