import { newId } from '@plinth/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { aBook, aLibrary, type Library, refusal } from './ledger-books.ts';

let library: Library;
beforeAll(async () => {
  library = await aLibrary();
});
afterAll(() => library.close());

const MINT = 'source:mint';
const ADA = 'person:ada';
const BOB = 'person:bob';
const DUE = 'platform:due';
const LARGEST = Number.MAX_SAFE_INTEGER;

/** A new tenant's book in which Ada has 100. */
async function aBookWithAda(options?: Parameters<typeof aBook>[1]) {
  const book = aBook(library.ledger, options);
  await book.move(MINT, ADA, 100);
  return book;
}

describe('transfers', () => {
  test('what one account gives another gets, and the source owes all there is', async () => {
    const book = await aBookWithAda();
    await book.move(ADA, BOB, 30);
    expect([await book.has(ADA), await book.has(BOB), await book.has(MINT)]).toEqual([70, 30, -100]);
  });

  test('nobody but a source goes below zero, and a refused post leaves no trace', async () => {
    const book = await aBookWithAda();
    expect(await refusal(book.move(ADA, BOB, 101, { key: 'gift' }))).toBe('insufficient_funds');
    expect(await refusal(book.move('platform:due', BOB, 1))).toBe('insufficient_funds');
    await book.move(MINT, ADA, 1);
    await book.move(ADA, BOB, 101, { key: 'gift' });
    expect(await book.has(BOB)).toBe(101);
    expect(
      await library.owner('select max(seq)::int as last from ledger.transfer where tenant_id = $1', [book.tenantId]),
    ).toEqual([{ last: 3 }]);
  });

  test('all transfers of a post happen or none', async () => {
    const book = await aBookWithAda();
    const gift = (fee: number) => [
      { from: ADA, to: BOB, currency: 'coin', minor: 55 },
      { from: ADA, to: DUE, currency: 'coin', minor: fee },
    ];
    expect(await refusal(book.post(gift(46)))).toBe('insufficient_funds');
    expect([await book.has(ADA), await book.has(BOB), await book.has(DUE)]).toEqual([100, 0, 0]);
    await book.post(gift(45));
    expect([await book.has(ADA), await book.has(BOB), await book.has(DUE)]).toEqual([0, 55, 45]);
  });

  test('what the first transfer of a post brings, the second may spend', async () => {
    const book = aBook(library.ledger);
    await book.post([
      { from: MINT, to: ADA, currency: 'coin', minor: 10 },
      { from: ADA, to: BOB, currency: 'coin', minor: 10 },
    ]);
    expect(await book.has(BOB)).toBe(10);
  });

  test('a post may exchange currencies, and each of them still sums to zero', async () => {
    const book = await aBookWithAda();
    await book.post([
      { from: ADA, to: 'source:exchange', currency: 'coin', minor: 100 },
      { from: 'source:bank', to: ADA, currency: 'EUR', minor: 99 },
    ]);
    expect(await library.ledger.balances(book.who, ADA)).toEqual([
      { currency: 'EUR', minor: 99, held: 0 },
      { currency: 'coin', minor: 0, held: 0 },
    ]);
    expect(await book.verify()).toEqual({ books: 1, entries: 3 });
  });

  test('amounts are exact up to the largest integer JSON can say, and no account holds more', async () => {
    const book = aBook(library.ledger);
    await book.move(MINT, ADA, LARGEST);
    expect(await book.has(ADA)).toBe(LARGEST);
    expect(await refusal(book.move('source:other', ADA, 1))).toBe('balance_too_large');
    expect(await refusal(book.move(MINT, BOB, 1))).toBe('insufficient_funds');
  });

  test.each([
    ['no fraction', { minor: 1.5 }],
    ['nothing', { minor: 0 }],
    ['no debt', { minor: -5 }],
    ['nothing that JSON cannot say', { minor: LARGEST + 1 }],
    ['no unknown field', { note: 'x' }],
    ['no money that lies on a hold', { from: 'person:ada/held' }],
    ['no nameless account', { to: 'ada' }],
    ['no made-up currency', { currency: 'gold' }],
    ['no control characters', { memo: 'a\u0000b' }],
    ['no half character', { memo: '\ud800' }],
  ])('moves %s', async (_what, wrong) => {
    const book = await aBookWithAda();
    expect(await refusal(book.post([{ from: ADA, to: BOB, currency: 'coin', minor: 1, ...wrong }]))).toBe(
      'invalid_input',
    );
  });

  test('an account does not pay itself', async () => {
    const book = await aBookWithAda();
    expect(await refusal(book.move(ADA, ADA, 1))).toBe('bad_transfer');
  });

  test('a text comes back as it was written, quotes, commas and all', async () => {
    const book = aBook(library.ledger);
    const memo = `Olá "Ada", {NULL} \\ 'x' 🎁`;
    await book.post([{ from: MINT, to: ADA, currency: 'coin', minor: 1, memo }], { ref: memo, key: `{"a\\,'}` });
    expect((await book.statement(ADA)).items).toMatchObject([{ memo, ref: memo }]);
    expect(await book.verify()).toEqual({ books: 1, entries: 1 });
  });

  test('time never runs back in a book, whatever the clock does', async () => {
    const book = await aBookWithAda();
    const { clock } = library;
    const { at } = await book.move(ADA, BOB, 1);
    const before = clock.now();
    clock.set('2029-12-31T00:00:00Z');
    expect((await book.move(ADA, BOB, 1)).at).toBe(at);
    clock.set(before.toISOString());
  });
});

describe('keys', () => {
  test('a replay returns the first answer and moves nothing', async () => {
    const book = await aBookWithAda();
    const first = await book.move(ADA, BOB, 30, { key: 'gift' });
    library.clock.advance('1m');
    await book.move(ADA, BOB, 1);
    expect(await book.move(ADA, BOB, 30, { key: 'gift' })).toEqual(first);
    expect(await book.has(BOB)).toBe(31);
  });

  test('a replay of every kind of post returns the first answer', async () => {
    const book = await aBookWithAda();
    const held = await book.hold(ADA, 10, { key: 'hold', memo: 'a jacket' });
    expect(await book.hold(ADA, 10, { key: 'hold', memo: 'a jacket' })).toEqual(held);
    const captured = await book.capture(held.hold, { [BOB]: 4 }, { key: 'capture' });
    expect(await book.capture(held.hold, { [BOB]: 4 }, { key: 'capture' })).toEqual(captured);
    const reversed = await book.reverse(captured.post, { key: 'reverse', memo: 'torn' });
    expect(await book.reverse(captured.post, { key: 'reverse', memo: 'torn' })).toEqual(reversed);
    const other = await book.hold(ADA, 10);
    const released = await book.release(other.hold, { key: 'release' });
    expect(await book.release(other.hold, { key: 'release' })).toEqual(released);
    expect(await book.has(ADA)).toBe(100);
  });

  test('a used key with other content is refused', async () => {
    const book = await aBookWithAda();
    await book.move(ADA, BOB, 30, { key: 'gift', ref: 'video 1' });
    const others = [
      book.move(ADA, BOB, 31, { key: 'gift', ref: 'video 1' }),
      book.move(ADA, DUE, 30, { key: 'gift', ref: 'video 1' }),
      book.move(ADA, BOB, 30, { key: 'gift', ref: 'video 2' }),
      book.post([{ from: ADA, to: BOB, currency: 'coin', minor: 30, memo: 'hi' }], { key: 'gift', ref: 'video 1' }),
      book.hold(ADA, 30, { key: 'gift', ref: 'video 1' }),
    ];
    expect(await Promise.all(others.map(refusal))).toEqual(others.map(() => 'key_reused'));
    await book.hold(ADA, 5, { key: 'hold' });
    expect(await refusal(book.hold(ADA, 5, { key: 'hold', expires: '16m' }))).toBe('key_reused');
  });

  test('a key settles one hold, not another that looks alike', async () => {
    const book = await aBookWithAda();
    const [one, two] = [await book.hold(ADA, 5), await book.hold(ADA, 5)];
    await book.release(one.hold, { key: 'back' });
    expect(await refusal(book.release(two.hold, { key: 'back' }))).toBe('key_reused');
  });

  test('plugins and tenants do not share keys', async () => {
    const tenantId = newId();
    const jar = aBook(library.ledger, { tenantId, party: 'tip-jar', currency: 'tip-jar:points' });
    const quiz = aBook(library.ledger, { tenantId, party: 'quiz', currency: 'quiz:points' });
    const elsewhere = aBook(library.ledger, { party: 'quiz', currency: 'quiz:points' });
    const posts = [jar, quiz, elsewhere].map((book) => book.move(MINT, ADA, 1, { key: 'same' }));
    expect((await Promise.all(posts)).map(({ post }) => post).sort()).toEqual([1, 1, 2]);
  });
});

describe('holds', () => {
  test('held money is there, but cannot be spent', async () => {
    const book = await aBookWithAda();
    await book.hold(ADA, 60);
    expect(await book.balance(ADA)).toEqual({ currency: 'coin', minor: 40, held: 60 });
    expect(await library.ledger.balances(book.who, ADA)).toEqual([{ currency: 'coin', minor: 40, held: 60 }]);
    expect(await refusal(book.move(ADA, BOB, 41))).toBe('insufficient_funds');
    expect(await refusal(book.hold(ADA, 41))).toBe('insufficient_funds');
  });

  test('a capture pays in full, or in part and to several, and the rest goes back', async () => {
    const book = await aBookWithAda();
    const full = await book.hold(ADA, 20);
    await book.capture(full.hold, { [BOB]: 20 });
    const part = await book.hold(ADA, 60);
    await book.capture(part.hold, { [BOB]: 11, [DUE]: 9 });
    expect(await book.balance(ADA)).toEqual({ currency: 'coin', minor: 60, held: 0 });
    expect([await book.has(BOB), await book.has(DUE)]).toEqual([31, 9]);
    expect(await book.verify()).toMatchObject({ books: 1 });
  });

  test('a hold is settled once', async () => {
    const book = await aBookWithAda();
    const { hold } = await book.hold(ADA, 60);
    expect(await refusal(book.capture(hold, { [BOB]: 61 }))).toBe('capture_too_large');
    const all = await library.together(book.tenantId, () => [
      refusal(book.capture(hold, { [BOB]: 60 })),
      refusal(book.release(hold)),
      refusal(book.capture(hold, { [DUE]: 1 })),
      refusal(book.release(hold)),
    ]);
    expect(all.filter((each) => each === 'hold_settled')).toHaveLength(3);
    expect((await book.has(ADA)) + (await book.has(BOB)) + (await book.has(DUE))).toBe(100);
    expect(await refusal(book.release(newId()))).toBe('hold_unknown');
  });

  test('a hold that has run out cannot be captured, and goes back by itself, once', async () => {
    const book = await aBookWithAda();
    const { hold } = await book.hold(ADA, 60);
    const later = await book.hold(ADA, 10, { expires: '9h' });
    await library.ledger.expireHolds();
    expect(await book.balance(ADA)).toMatchObject({ held: 70 });
    library.clock.advance('16m');
    expect(await refusal(book.capture(hold, { [BOB]: 60 }))).toBe('hold_expired');
    await Promise.all([library.ledger.expireHolds(), library.ledger.expireHolds()]);
    expect(await library.ledger.expireHolds()).toBe(0);
    expect(await refusal(book.release(hold))).toBe('hold_settled');
    expect(await book.balance(ADA)).toEqual({ currency: 'coin', minor: 90, held: 10 });
    await book.capture(later.hold, { [BOB]: 10 });
    expect(await book.verify()).toMatchObject({ books: 1 });
  });
});

describe('reversals', () => {
  test('a post is undone by opposite entries, once', async () => {
    const book = await aBookWithAda();
    const gift = await book.post([
      { from: ADA, to: BOB, currency: 'coin', minor: 55 },
      { from: ADA, to: DUE, currency: 'coin', minor: 45 },
    ]);
    const undone = await book.reverse(gift.post);
    expect([await book.has(ADA), await book.has(BOB), await book.has(DUE)]).toEqual([100, 0, 0]);
    expect(await refusal(book.reverse(gift.post))).toBe('post_reversed');
    expect(await refusal(book.reverse(undone.post))).toBe('not_reversible');
    expect(await refusal(book.reverse(999))).toBe('post_unknown');
    expect(await refusal(book.reverse(gift.post + 1))).toBe('post_unknown');
  });

  test('a chain of transfers is undone from its end', async () => {
    const book = aBook(library.ledger);
    const chain = await book.post([
      { from: MINT, to: ADA, currency: 'coin', minor: 5 },
      { from: ADA, to: BOB, currency: 'coin', minor: 5 },
    ]);
    await book.reverse(chain.post);
    expect(await book.has(MINT)).toBe(0);
  });

  test('only one of two that reverse at once succeeds', async () => {
    const book = await aBookWithAda();
    const { post } = await book.move(ADA, BOB, 10);
    await book.move(MINT, BOB, 50);
    const both = await library.together(book.tenantId, () => [
      refusal(book.reverse(post)),
      refusal(book.reverse(post)),
    ]);
    expect(both.filter((each) => each === 'post_reversed')).toHaveLength(1);
    expect(await book.has(BOB)).toBe(50);
  });

  test('what the receiver has spent cannot be taken back', async () => {
    const book = await aBookWithAda();
    const { post } = await book.move(ADA, BOB, 10);
    await book.move(BOB, DUE, 1);
    expect(await refusal(book.reverse(post))).toBe('insufficient_funds');
    await book.move(MINT, BOB, 1);
    await book.reverse(post);
    expect(await book.has(ADA)).toBe(100);
  });

  test('a reversed capture goes back to the owner, not into the settled hold', async () => {
    const book = await aBookWithAda();
    const { hold, post } = await book.hold(ADA, 30);
    const captured = await book.capture(hold, { [BOB]: 20 });
    expect(await refusal(book.reverse(post))).toBe('not_reversible');
    await book.reverse(captured.post);
    expect(await book.balance(ADA)).toEqual({ currency: 'coin', minor: 100, held: 0 });
    expect(await book.verify()).toMatchObject({ books: 1 });
  });
});

describe('who may move what', () => {
  const jar = (party: string, tenantId: string, currency = 'tip-jar:points') =>
    aBook(library.ledger, { tenantId, party, currency });

  test.each(['quiz', 'tip', 'tip-jar-2', 'wallet'])('what a plugin owns %s neither moves nor reads', async (party) => {
    const tenantId = newId();
    await jar('tip-jar', tenantId).move(MINT, ADA, 10);
    const thief = jar(party, tenantId);
    const held = await jar('tip-jar', tenantId).hold(ADA, 1);
    expect(await refusal(thief.move(ADA, BOB, 1))).toBe('currency_not_yours');
    expect(await refusal(thief.hold(ADA, 1))).toBe('currency_not_yours');
    expect(await refusal(thief.balance(ADA))).toBe('currency_not_yours');
    expect(await refusal(thief.statement(ADA))).toBe('currency_not_yours');
    expect(await refusal(thief.release(held.hold))).toBe('hold_unknown');
    expect(await refusal(thief.capture(held.hold, { [BOB]: 1 }))).toBe('hold_unknown');
    expect(await refusal(thief.reverse(1))).toBe('post_unknown');
    expect(await library.ledger.balances(thief.who, ADA)).toEqual([]);
  });

  test.each(['coin', 'credit', 'USD'])('only the wallet moves %s', async (currency) => {
    const tenantId = newId();
    expect(await refusal(jar('tip-jar', tenantId, currency).move(MINT, ADA, 1))).toBe('currency_not_yours');
    await jar('wallet', tenantId, currency).move(MINT, ADA, 1);
    expect(await refusal(jar('tip-jar', tenantId, currency).reverse(1))).toBe('post_unknown');
  });

  test('the service takes the caller from the call, and serves nobody who is no plugin', async () => {
    const [service] = library.ledger.provides ?? [];
    const call = (caller: string | undefined) =>
      ({ tenant: { id: newId() }, actor: { kind: 'system' }, caller, requestId: '' }) as never;
    const input = { key: 'k', transfers: [{ from: MINT, to: ADA, currency: 'tip-jar:points', minor: 1 }] } as never;
    const post = (caller: string | undefined) => service?.handlers.post?.(call(caller), input) ?? Promise.reject();
    expect(await post('tip-jar')).toMatchObject({ post: 1 });
    expect(await refusal(post('quiz'))).toBe('currency_not_yours');
    expect(await refusal(Promise.resolve().then(() => post(undefined)))).toBe('forbidden');
    expect(await refusal(Promise.resolve().then(() => post('kernel')))).toBe('forbidden');
  });

  test('one tenant cannot see or touch the book of another', async () => {
    const [mine, yours] = [await aBookWithAda(), aBook(library.ledger)];
    const held = await mine.hold(ADA, 1);
    expect(await yours.balance(ADA)).toEqual({ currency: 'coin', minor: 0, held: 0 });
    expect(await yours.statement(ADA)).toEqual({ opening: 0, closing: 0, items: [] });
    expect(await refusal(yours.move(ADA, BOB, 1))).toBe('insufficient_funds');
    expect(await refusal(yours.release(held.hold))).toBe('hold_unknown');
    expect(await refusal(yours.reverse(1))).toBe('post_unknown');
    expect(await mine.balance(ADA)).toEqual({ currency: 'coin', minor: 99, held: 1 });
  });

  test('the tables are closed to everybody but the ledger', async () => {
    const book = await aBookWithAda();
    const read = async (run: (read: (sql: string) => Promise<unknown>) => Promise<unknown>) =>
      refusal(run(async () => {}));
    void read;
    for (const table of ['book', 'account', 'transfer', 'hold']) {
      const asked = library.database.tenant(book.tenantId, (_tx, client) =>
        client.query(`select * from ledger.${table}`),
      );
      await expect(asked).rejects.toThrow('permission denied');
    }
  });
});

describe('events', () => {
  const outbox = (tenantId: string) =>
    library.owner('select event, payload, actor from kernel.outbox where tenant_id = $1', [tenantId]);
  const told = (points: number) => [{ event: 'tip-jar.tip-sent@1', payload: { points } }];

  test('commit with the post, in the name of the actor, and are not told again by a replay', async () => {
    const book = await aBookWithAda();
    const actor = {
      kind: 'person',
      accountId: ADA,
      credential: { kind: 'session', id: '' },
      permissions: new Set(),
      operator: false,
    } as never;
    for (const points of [5, 6]) {
      const input = { key: 'tip', transfers: [{ from: ADA, to: BOB, currency: 'coin', minor: 5 }], emit: told(points) };
      await library.ledger.post({ ...book.who, actor }, input);
    }
    expect(await outbox(book.tenantId)).toEqual([
      { event: 'tip-jar.tip-sent@1', payload: { points: 5 }, actor: { kind: 'person', accountId: ADA } },
    ]);
  });

  test('are not told by a post that is refused', async () => {
    const book = await aBookWithAda();
    const posts = [book.move(ADA, BOB, 101, { emit: told(1) }), book.move(ADA, BOB, 1, { emit: told(2) })];
    expect(await Promise.all(posts.map(refusal))).toMatchObject(['insufficient_funds', { answered: { post: 2 } }]);
    expect(await outbox(book.tenantId)).toMatchObject([{ payload: { points: 2 } }]);
  });

  test('come with holds, captures, releases and reversals too', async () => {
    const book = await aBookWithAda();
    const first = await book.hold(ADA, 1, { emit: told(1) });
    const { post } = await book.capture(first.hold, { [BOB]: 1 }, { emit: told(2) });
    await book.reverse(post, { emit: told(3) });
    await book.release((await book.hold(ADA, 1)).hold, { emit: told(4) });
    expect((await outbox(book.tenantId)).map(({ payload }) => payload)).toEqual(
      [1, 2, 3, 4].map((points) => ({ points })),
    );
  });

  test('a plugin tells its own events only, and the host looks at what they say', async () => {
    const checked: unknown[] = [];
    const strict = await aLibrary({
      checkEvent: (party, event, payload) => {
        checked.push([party, event, payload]);
        if (payload !== 'good') throw new Error('a bad payload');
      },
    });
    const jar = aBook(strict.ledger, { party: 'tip-jar', currency: 'tip-jar:points' });
    const tip = (event: string, payload: unknown) => refusal(jar.move(MINT, ADA, 1, { emit: [{ event, payload }] }));
    expect(await tip('wallet.gift-sent@1', 'good')).toBe('event_not_yours');
    expect(await tip('tip-jar-2.tip-sent@1', 'good')).toBe('event_not_yours');
    expect(await tip('tip-jar.tip-sent@1', 'bad')).toEqual(new Error('a bad payload'));
    expect(await tip('tip-jar.tip-sent@1', 'good')).toMatchObject({ answered: { post: 1 } });
    expect(checked).toContainEqual(['tip-jar', 'tip-jar.tip-sent@1', 'good']);
    await strict.close();
  });

  test('whoever passes events on hears of a commit that has some', async () => {
    let nudges = 0;
    const quiet = await aLibrary({ nudge: () => nudges++ });
    const book = aBook(quiet.ledger);
    await book.move(MINT, ADA, 1);
    expect(nudges).toBe(0);
    await book.move(MINT, ADA, 1, { key: 'told', emit: told(1) });
    await book.move(MINT, ADA, 1, { key: 'told', emit: told(1) });
    expect(nudges).toBe(1);
    await quiet.close();
  });
});

describe('looking back', () => {
  test('a balance is known as of any time', async () => {
    const book = aBook(library.ledger);
    const { clock } = library;
    const times: Date[] = [];
    for (const minor of [1, 2, 4, 8, 16]) {
      times.push(clock.now());
      await book.move(MINT, ADA, minor);
      await book.hold(ADA, 1, { expires: '9d' });
      clock.advance('1h');
    }
    const seen = await Promise.all(times.map((at) => book.balance(ADA, at)));
    expect(seen.map(({ minor, held }) => [minor, held])).toEqual([
      [0, 1],
      [1, 2],
      [4, 3],
      [11, 4],
      [26, 5],
    ]);
    expect(await book.balance(ADA, new Date(Number(times[0]) - 1))).toMatchObject({ minor: 0, held: 0 });
    expect(await book.balance(ADA, clock.now())).toMatchObject({ minor: 26, held: 5 });
  });

  test('a statement turns the opening balance into the closing one, page by page', async () => {
    const book = aBook(library.ledger);
    const { clock } = library;
    await book.move(MINT, ADA, 100);
    clock.advance('1h');
    const since = clock.now().toISOString();
    for (let minor = 1; minor <= 7; minor++) await book.move(minor % 2 ? ADA : MINT, minor % 2 ? BOB : ADA, minor);
    clock.advance('1h');
    const until = clock.now().toISOString();
    await book.move(ADA, BOB, 1);

    const lines: number[] = [];
    let page = await book.statement(ADA, { since, until, limit: 3 });
    expect(page).toMatchObject({ opening: 100, closing: 96 });
    for (;;) {
      for (const line of page.items) lines.push(line.minor);
      if (!page.next) break;
      page = await book.statement(ADA, { since, until, limit: 3, cursor: page.next });
    }
    expect(lines).toEqual([-7, 6, -5, 4, -3, 2, -1]);
    expect((await book.statement(ADA)).items[0]).toMatchObject({ kind: 'post', minor: -1, balance: 95, with: BOB });
    expect(await book.statement(ADA, { until: since })).toMatchObject({
      opening: 0,
      closing: 100,
      items: [{ minor: 100 }],
    });
  });
});

describe('nobody rewrites a book', () => {
  const attempts = [
    'update ledger.transfer set memo = memo',
    'delete from ledger.transfer',
    'truncate ledger.transfer',
    'update ledger.account set name = name',
    'delete from ledger.account',
    'delete from ledger.book',
    'delete from ledger.hold',
  ];

  test.each(attempts)('not by "%s", neither as the ledger nor as the owner', async (sql) => {
    await aBookWithAda();
    const asLedger = library.database.ledger((_tx, client) => client.query(sql));
    await expect(asLedger).rejects.toThrow(/permission denied|only grows/);
    await expect(library.owner(sql)).rejects.toThrow('only grows');
  });

  test('a settled hold stays settled', async () => {
    const book = await aBookWithAda();
    const { hold } = await book.hold(ADA, 5);
    await book.release(hold);
    await expect(library.owner(`update ledger.hold set state = 'open' where id = $1`, [hold])).rejects.toThrow(
      'only grows',
    );
  });

  /** What somebody could do who owns the database: switch the triggers off. */
  async function forge(tenantId: string, sql: string) {
    await library.owner(
      `begin; set local session_replication_role = replica; ${sql.replaceAll('$book', `'${tenantId}'`)}; commit`,
    );
  }

  test('verify finds money that is held for nobody', async () => {
    const book = await aBookWithAda();
    await book.hold(ADA, 5);
    expect((await book.verify()).broken).toBeUndefined();
    await forge(book.tenantId, `update ledger.hold set state = 'release' where tenant_id = $book`);
    expect((await book.verify()).broken?.reason).toBe('A hold is settled, but its money is still held.');
  });

  test.each([
    ['another amount', 'update ledger.transfer set minor = 31 where tenant_id = $book and seq = 2', 2],
    ['another receiver', 'update ledger.transfer set to_account = 1 where tenant_id = $book and seq = 3', 3],
    ['another balance', 'update ledger.transfer set to_balance = 999 where tenant_id = $book and seq = 2', 2],
    ['another time', `update ledger.transfer set at = at - interval '1 day' where tenant_id = $book and seq = 2`, 2],
    ['another text', `update ledger.transfer set memo = 'x' where tenant_id = $book and seq = 2`, 2],
    ['another key', `update ledger.transfer set key = 'x' where tenant_id = $book and seq = 2`, 2],
    ['another hash', `update ledger.transfer set hash = '\\x00' where tenant_id = $book and seq = 3`, 3],
    ['an entry cut out', 'delete from ledger.transfer where tenant_id = $book and seq = 2', 3],
    ['an entry cut off the end', 'delete from ledger.transfer where tenant_id = $book and seq = 4', 3],
    [
      'a renamed account',
      `update ledger.account set name = 'person:eve' where tenant_id = $book and name = 'person:bob'`,
      2,
    ],
    ['a vanished account', `delete from ledger.account where tenant_id = $book and name = 'person:bob'`, 2],
    [
      'an entry smuggled in',
      `insert into ledger.transfer select tenant_id, 5, 5, minor, from_balance, to_balance, at, null, from_account, to_account, null, kind, 'x', null, null, hash from ledger.transfer where tenant_id = $book and seq = 2`,
      5,
    ],
    ['a hold opened again', `update ledger.hold set state = 'open' where tenant_id = $book`, undefined],
    [
      'a hold that vanished',
      `insert into ledger.hold select tenant_id, gen_random_uuid(), account, minor, expires_at from ledger.hold where tenant_id = $book`,
      undefined,
    ],
  ])('verify finds %s', async (_what, sql, entry) => {
    const book = await aBookWithAda();
    await book.move(ADA, BOB, 30);
    const { hold } = await book.hold(ADA, 5);
    await book.release(hold);
    expect(await book.verify()).toEqual({ books: 1, entries: 4 });
    await forge(book.tenantId, sql);
    const { broken } = await book.verify();
    expect(broken?.tenantId).toBe(book.tenantId);
    expect(broken?.entry).toBe(entry);
    // The others are not blamed.
    expect((await (await aBookWithAda()).verify()).broken).toBeUndefined();
  });
});
