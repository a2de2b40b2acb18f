import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { type Answer, answerOf } from '../supervisor/heard.ts';
import { Pool, type PoolOptions } from '../supervisor/pool.ts';
import { findWall } from '../supervisor/wall.ts';

let pool: Pool | undefined;
afterEach(() => pool?.close());

const open = (options: Partial<PoolOptions>) => {
  pool = new Pool({ wall: findWall(), ...options });
  return pool;
};

const NOTHING: Answer = answerOf({});

/** Has a process for a guest of a party, and says whether it was there already. */
async function wasThere(guest: number, party: string): Promise<boolean> {
  let found = false;
  await pool?.use({ party, guest }, async (_, isLoaded) => {
    found = isLoaded;
    return NOTHING;
  });
  return found;
}

test('a process that another party left idle makes room for a spare, the longest idle one first', async () => {
  open({ processes: 2, spares: 1, yieldMs: 50 });
  for (const [guest, party] of ['a', 'b'].entries()) expect(await wasThere(guest, party)).toBe(false);
  await wait(300);
  expect(await wasThere(1, 'b')).toBe(true);
  expect(await wasThere(0, 'a')).toBe(false);
});

test('where no spare is wanted, everybody keeps what they have', async () => {
  open({ processes: 2, spares: 0, yieldMs: 50 });
  for (const [guest, party] of ['a', 'b'].entries()) await wasThere(guest, party);
  await wait(300);
  for (const [guest, party] of ['a', 'b'].entries()) expect(await wasThere(guest, party)).toBe(true);
});
