// Many posts at once: what shares a batch, and what must not notice that it does.
import { newId } from '@plinth/sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { aBook, aLibrary, type Library, openNode, refusal } from './ledger-books.ts';

let library: Library;
beforeAll(async () => {
  library = await aLibrary();
});
afterAll(() => library.close());

const MINT = 'source:mint';
const person = (index: number) => `person:${index}`;
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));

/** Transactions that wrote something since the server started, by their ids. */
const transactions = async () => Number((await library.owner('select pg_current_xact_id()::text as id'))[0]?.id);

test('posts that are asked for together are committed together', async () => {
  const book = aBook(library.ledger);
  await Promise.all(times(100, (index) => book.move(MINT, person(index), 10)));
  const before = await transactions();
  await Promise.all(times(1_000, (index) => book.move(person(index % 100), person((index + 1) % 100), 1)));
  expect((await transactions()) - before).toBeLessThan(20);
  expect(await book.verify()).toEqual({ books: 1, entries: 1_100 });
});

test('a post that is refused does not cost the others of its batch', async () => {
  const book = aBook(library.ledger);
  await book.move(MINT, person(0), 3);
  const asked = await Promise.all(times(50, (index) => refusal(book.move(person(0), person(1 + index), 1))));
  // In the order they were asked: the money goes to the first three.
  expect(asked.slice(0, 3)).toMatchObject(times(3, (index) => ({ answered: { post: 2 + index } })));
  expect(asked.slice(3)).toEqual(times(47, () => 'insufficient_funds'));
});

test('a post that the database will not store does not cost the others of its batch', async () => {
  const [book, other] = [aBook(library.ledger), aBook(library.ledger)];
  const poison = { emit: [{ event: 'tip-jar.tip-sent@1', payload: { text: 'a\u0000b' } }] };
  const asked = times(40, (index) =>
    refusal((index % 2 ? book : other).move(MINT, person(index), 1, index === 17 ? poison : {})),
  );
  const answers = await Promise.all(asked);
  expect(answers[17]).toBe('invalid_input');
  expect(answers.filter((answer) => typeof answer === 'object')).toHaveLength(39);
  expect([(await book.verify()).entries, (await other.verify()).entries]).toEqual([19, 20]);
});

test('one key asked for many times at once is done once', async () => {
  const book = aBook(library.ledger);
  const same = { key: 'once' };
  const answers = await Promise.all(times(30, () => book.move(MINT, person(1), 5, same)));
  await book.move(MINT, person(2), 1);
  answers.push(...(await Promise.all(times(30, () => book.move(MINT, person(1), 5, same)))));
  expect(new Set(answers.map(({ post }) => post)).size).toBe(1);
  expect(await book.has(person(1))).toBe(5);
});

// The ledger remembers the accounts, but not the key: only the database refuses it, when the next batch is decided.
test.each([
  ['is on its way', 50],
  ['waits, because it names an account that is not known', 250],
])('a batch that fails and the one behind it, which %s, are done again in order', async (_which, newcomer) => {
  const book = aBook(library.ledger);
  await Promise.all(times(100, (index) => book.move(MINT, person(index), 1)));
  const first = await book.move(MINT, person(1), 1, { key: 'again' });
  const asked = times(300, (index) =>
    book.move(MINT, person(index === 250 ? newcomer : index % 100), 1, index === 7 ? { key: 'again' } : {}),
  );
  const answers = await Promise.all(asked.map(refusal));
  expect(answers.splice(7, 1)).toEqual(['key_reused']);
  expect(answers).toMatchObject(times(299, (index) => ({ answered: { post: first.post + 1 + index } })));
  expect(await book.verify()).toEqual({ books: 1, entries: 400 });
});

test('many tenants share a batch, and none of them the book', async () => {
  const books = times(20, () => aBook(library.ledger));
  const before = await transactions();
  await Promise.all(times(400, (index) => books[index % 20]?.move(MINT, person(1), index + 1)));
  expect((await transactions()) - before).toBeLessThan(100);
  for (const [index, book] of books.entries()) expect(await book.has(person(1))).toBe(20 * (index + 1) + 20 * 190);
});

test('two nodes write to the same books, and the money is spent once', async () => {
  const nodes = [library, openNode(library.connection)];
  const tenantId = newId();
  const books = nodes.map((node) => aBook(node.ledger, { tenantId }));
  await Promise.all(times(10, (index) => books[index % 2]?.move(MINT, person(index), 20)));
  const asked = await Promise.all(
    times(1_000, (index) =>
      refusal(books[index % 2]?.move(person((index * 7) % 10), person((index * 3 + 1) % 10), 9) ?? Promise.reject()),
    ),
  );
  const done = asked.filter((answer) => typeof answer === 'object').length;
  expect(done).toBeGreaterThan(10);
  expect(new Set(asked.filter((answer) => typeof answer !== 'object'))).toEqual(new Set(['insufficient_funds']));
  expect(await books[0]?.verify()).toEqual({ books: 1, entries: 10 + done });
  await nodes[1]?.close();
});

test('what one node wrote another knows at once, whatever it remembers', async () => {
  const other = openNode(library.connection);
  const tenantId = newId();
  const [here, there] = [aBook(library.ledger, { tenantId }), aBook(other.ledger, { tenantId })];
  await here.move(MINT, person(1), 5);
  await there.move(person(1), person(2), 5);
  expect(await refusal(here.move(person(1), person(2), 1))).toBe('insufficient_funds');
  await there.move(person(2), person(1), 5);
  await here.move(person(1), person(2), 5);
  const first = await there.move(MINT, person(3), 1, { key: 'same' });
  expect(await here.move(MINT, person(3), 1, { key: 'same' })).toEqual(first);
  expect(await here.verify()).toEqual({ books: 1, entries: 5 });
  await other.close();
});

test('connections that are cut under load lose nothing and do nothing twice', async () => {
  const other = openNode(library.connection);
  const tenantId = newId();
  const books = [aBook(library.ledger, { tenantId }), aBook(other.ledger, { tenantId })];
  await books[0]?.move(MINT, person(0), 2_000_000);
  let asked = 0;
  let cuts = 0;
  const caller = async (book: (typeof books)[number]) => {
    for (let count = 0; count < 25; count++) {
      asked += 1;
      await book.move(person(0), person(asked), asked);
    }
  };
  const callers = times(60, (index) => caller(books[index % 2] as (typeof books)[number]));
  let running = true;
  const all = Promise.all(callers).finally(() => {
    running = false;
  });
  while (running) {
    const before = asked;
    const killed = await library.owner(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'plinth-ledger'`,
    );
    cuts += killed.length;
    while (running && asked < before + 150) await new Promise((resolve) => setImmediate(resolve));
  }
  await all;
  expect(cuts).toBeGreaterThan(5);
  expect(await books[0]?.verify()).toEqual({ books: 1, entries: 1_501 });
  expect(await books[0]?.has(person(0))).toBe(2_000_000 - (1_500 * 1_501) / 2);
  await other.close();
});

test('whoever comes when too many wait is told at once, and the rest is done', async () => {
  const book = aBook(library.ledger);
  const answers = await Promise.all(times(10_500, () => refusal(book.move(MINT, person(1), 1))));
  expect(answers.filter((answer) => answer === 'unavailable')).toHaveLength(500);
  expect(await book.has(person(1))).toBe(10_000);
});

test('a node that stops finishes what it has and takes nothing new', async () => {
  const node = openNode(library.connection);
  const book = aBook(node.ledger);
  const asked = times(300, () => book.move(MINT, person(1), 1));
  const drained = node.ledger.drain?.();
  expect(await refusal(book.move(MINT, person(1), 1))).toBe('draining');
  await drained;
  expect(await Promise.all(asked)).toHaveLength(300);
  expect(await book.has(person(1))).toBe(300);
  await node.close();
});
