// Random histories, held against an oracle that does one thing after the other.
import { newId } from '@plinth/sdk';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { aBook, aLibrary, type Library, openNode, refusal } from './ledger-books.ts';
import { type Answer, Oracle, type Step } from './ledger-oracle.ts';

let library: Library;
let other: ReturnType<typeof openNode>;
beforeAll(async () => {
  library = await aLibrary();
  other = openNode(library.connection, { clock: library.clock });
});
afterAll(async () => {
  await other.close();
  await library.close();
});

vi.setConfig({ testTimeout: 300_000 });
const RUNS = Number(process.env.PLINTH_HISTORIES ?? 20);
const LIMIT_MS = RUNS * 500;
const HOLD_MS = 15 * 60_000;

const currency = fc.constantFrom('coin', 'EUR', 'tip-jar:points');
const account = fc.constantFrom('source:mint', 'person:ada', 'person:bob', 'person:cleo', 'platform:due');
const minor = fc.integer({ min: 1, max: 60 });
const leg = fc.record({ from: account, to: account, currency, minor });
// Money must come into a history before it can go round.
const minting = fc.record({ from: fc.constant('source:mint'), to: account, currency, minor });
const post = fc.record({
  do: fc.constant('post' as const),
  legs: fc.array(fc.oneof(leg, minting), { minLength: 1, maxLength: 4 }),
});
const index = fc.nat({ max: 12 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: post },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('hold' as const), from: account, currency, minor }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('capture' as const), hold: index, to: account, minor }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('release' as const), hold: index }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reverse' as const), post: index }) },
);
/** Beside the step: which node does it, whether it is then asked for again, and how many minutes pass. */
const happening = fc.record({
  step,
  node: fc.nat({ max: 1 }),
  replay: fc.boolean(),
  minutes: fc.constantFrom(0, 0, 0, 3, 16),
});

test('a history ends as the oracle says, whichever node did what, and replays change nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 30 }), async (history) => {
      const oracle = new Oracle();
      const tenantId = newId();
      const books = [aBook(library.ledger, { tenantId }), aBook(other.ledger, { tenantId })];
      const holds: string[] = [];
      for (const { step, node, replay, minutes } of history) {
        library.clock.advance(`${minutes}m`);
        const now = library.clock.now().getTime();
        const key = newId();
        const ask = (book = books[node]) => perform(book as Book, step, key, oracle, holds);
        const [asked, expected] = [ask(), oracle.step(step, now, HOLD_MS)];
        const answer = await asked;
        expect(codeOrNumber(answer)).toBe(expected);
        if (step.do === 'hold' && typeof answer === 'object') holds.push(answer.hold ?? '');
        if (replay && typeof expected === 'number') expect(await ask(books[1 - node])).toEqual(answer);
      }
      await library.ledger.expireHolds();
      oracle.expire(library.clock.now().getTime());
      await expectSame(oracle, tenantId);
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS },
  );
});

test('posts that are asked for at once, while connections are cut, end as if done one after the other', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(post, { minLength: 20, maxLength: 150 }),
      fc.array(fc.nat({ max: 20 }), { maxLength: 3 }),
      async (posts, cuts) => {
        const oracle = new Oracle();
        const tenantId = newId();
        const book = aBook(library.ledger, { tenantId });
        const answers: Promise<unknown>[] = [];
        for (const [position, { legs }] of posts.entries()) {
          answers.push(refusal(book.post(legs)));
          if (position % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
          if (cuts.some((cut) => cut * 7 === position)) void library.owner(CUT);
        }
        const expected = posts.map((each) => oracle.step(each, 0, 0));
        expect((await Promise.all(answers)).map((answer) => codeOrNumber(answered(answer)))).toEqual(expected);
        await expectSame(oracle, tenantId);
      },
    ),
    { numRuns: RUNS, interruptAfterTimeLimit: LIMIT_MS },
  );
});

const CUT = `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'plinth-ledger'`;

type Book = ReturnType<typeof aBook>;
type Done = { post: number; hold?: string };

async function perform(book: Book, step: Step, key: string, oracle: Oracle, holds: string[]): Promise<Done | string> {
  // A number that no post has.
  const number = step.do === 'reverse' ? (oracle.posts[step.post]?.number ?? 1_000_000) : 0;
  return answered(await refusal(ask()));

  function ask(): Promise<Done> {
    switch (step.do) {
      case 'post':
        return book.post(step.legs, { key });
      case 'hold':
        return book.hold(step.from, step.minor, { key, currency: step.currency });
      case 'capture':
        return book.capture(holds[step.hold] ?? newId(), { [step.to]: step.minor }, { key });
      case 'release':
        return book.release(holds[step.hold] ?? newId(), { key });
      case 'reverse':
        return book.reverse(number, { key });
    }
  }
}

function answered(answer: unknown): Done | string {
  if (typeof answer === 'string') return answer;
  if (typeof answer === 'object' && answer !== null && 'answered' in answer) return answer.answered as Done;
  throw answer;
}

const codeOrNumber = (answer: Done | string): Answer => (typeof answer === 'string' ? answer : answer.post);

/** Every balance, computed from nothing but the amounts of the entries, and every law of the ledger. */
async function expectSame(oracle: Oracle, tenantId: string): Promise<void> {
  const rows = await library.owner(
    `select currency, name, coalesce((select sum(minor) from ledger.transfer where tenant_id = $1 and to_account = number), 0)
        - coalesce((select sum(minor) from ledger.transfer where tenant_id = $1 and from_account = number), 0) as balance
      from ledger.account where tenant_id = $1`,
    [tenantId],
  );
  const real = new Map(rows.map(({ currency, name, balance }) => [`${currency} ${name}`, Number(balance)]));
  expect(sorted(real)).toEqual(sorted(oracle.balances));
  const sums = new Map<string, number>();
  for (const { currency, balance } of rows)
    sums.set(String(currency), (sums.get(String(currency)) ?? 0) + Number(balance));
  expect([...sums.values()].filter((sum) => sum !== 0)).toEqual([]);
  const below = [...real].filter(([name, balance]) => balance < 0 && !name.includes(' source:'));
  expect(below).toEqual([]);
  for (const of of oracle.balances.keys()) {
    const [currency = '', name = ''] = of.split(' ');
    if (name.endsWith('/held')) continue;
    const balance = await library.ledger.balance({ tenantId, party: 'kernel' }, { account: name, currency });
    expect(balance).toEqual({ currency, minor: oracle.has(currency, name), held: oracle.held(currency, name) });
  }
  expect((await library.ledger.verify(tenantId)).broken).toBeUndefined();
}

const sorted = (balances: Map<string, number>) => [...balances].filter(([, balance]) => balance !== 0).sort();
