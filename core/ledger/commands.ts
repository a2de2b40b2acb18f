// What callers ask, as commands to a book: checked, with every leg written out. What a command rests on (the hold it
// settles, the post it reverses) never changes once written, so it is read here, outside the lane.

import { type Actor, milliseconds, newId } from '@plinth/sdk';
import { Capture, Hold, Post, Release, Reverse } from '@plinth/sdk/services/ledger.ts';
import type { Static, TSchema } from 'typebox';
import type { Database } from '../database/database.ts';
import { errors } from '../errors.ts';
import type { Fact } from '../events/outbox.ts';
import { checkOf } from '../schemas.ts';
import type { Command, Leg } from './book.ts';
import type { Kind } from './chain.ts';
import { refusals } from './errors.ts';
import { heldBy, KERNEL, mustOwn, ownerOf, owns, type Party } from './names.ts';
import { readRows } from './read-rows.ts';

/** In whose book, and for whom. */
export interface Who {
  readonly tenantId: string;
  readonly party: Party;
  readonly actor?: Actor;
  readonly requestId?: string;
}

/** Looks at the payload of an event before it is committed; throws what is wrong with it. */
export type CheckEvent = (party: Party, event: string, payload: unknown) => void;

export function mustFit<S extends TSchema>(schema: S, input: Static<S>): void {
  const wrong = checkOf(schema)(input);
  if (wrong) throw errors.invalid_input({ errors: wrong });
}

export interface Desk {
  readonly database: Database;
  readonly check: CheckEvent | undefined;
}

export function postCommand(desk: Desk, who: Who, input: Post): Command {
  mustFit(Post, input);
  const legs = input.transfers.map(({ from, to, currency, minor, memo }): Leg => {
    mustOwn(who.party, currency);
    return { from, to, currency, minor: BigInt(minor), memo: readable(memo) };
  });
  return command(desk, who, 'post', input, legs);
}

export function holdCommand(desk: Desk, who: Who, input: Hold): Command {
  mustFit(Hold, input);
  const { from, currency, minor, memo, expires } = input;
  mustOwn(who.party, currency);
  const legs = [{ from, to: heldBy(from), currency, minor: BigInt(minor), memo: readable(memo) }];
  return { ...command(desk, who, 'hold', input, legs), opensHold: { id: newId(), forMs: milliseconds(expires) } };
}

export async function captureCommand(desk: Desk, who: Who, input: Capture): Promise<Command> {
  mustFit(Capture, input);
  const hold = await readHold(desk, who, input.hold);
  const { from, to: owner, currency, minor } = backOf(hold);
  const legs = input.to.map(({ account, minor, memo }): Leg => {
    return { from, to: account, currency, minor: BigInt(minor), memo: readable(memo) };
  });
  const rest = legs.reduce((left, leg) => left - leg.minor, minor);
  if (rest < 0n) throw refusals.capture_too_large();
  if (rest > 0n) legs.push({ from, to: owner, currency, minor: rest, memo: undefined });
  return { ...command(desk, who, 'capture', input, legs), settlesHold: hold.id };
}

export async function releaseCommand(desk: Desk, who: Who, input: Release): Promise<Command> {
  mustFit(Release, input);
  const hold = await readHold(desk, who, input.hold);
  return { ...command(desk, who, 'release', input, [backOf(hold)]), settlesHold: hold.id };
}

/** Its key is the hold's id: every node that finds it asks the same. */
export function expireCommand(desk: Desk, hold: HoldRow): Command {
  const who = { tenantId: hold.tenant_id, party: KERNEL };
  return { ...command(desk, who, 'expire', { key: `expire:${hold.id}` }, [backOf(hold)]), settlesHold: hold.id };
}

export async function reverseCommand(desk: Desk, who: Who, input: Reverse): Promise<Command> {
  mustFit(Reverse, input);
  const memo = readable(input.memo);
  const post = await readPost(desk, who, input.post);
  const legs = post.map(({ from, to, ...leg }): Leg => ({ ...leg, from: to, to: ownerOf(from), memo }));
  // What a capture gave back to its owner is there already.
  const moving = legs.filter(({ from, to }) => from !== to);
  if (moving.length === 0) throw refusals.not_reversible();
  return { ...command(desk, who, 'reverse', input, moving), reverses: input.post };
}

interface Asked {
  readonly key: string;
  readonly ref?: string | undefined;
  readonly emit?: readonly { readonly event: string; readonly payload: unknown }[] | undefined;
}

function command({ check }: Desk, who: Who, kind: Kind, { key, ref, emit = [] }: Asked, legs: readonly Leg[]): Command {
  const { tenantId, party, actor, requestId } = who;
  const facts = emit.map(({ event, payload }): Fact => {
    if (party !== KERNEL && !event.startsWith(`${party}.`)) throw refusals.event_not_yours({ event });
    check?.(party, event, payload);
    return { tenantId, event, payload, ...(actor ? { actor } : {}), ...(requestId === undefined ? {} : { requestId }) };
  });
  return { tenantId, kind, key: `${party}/${key}`, legs, ref: readable(ref), facts };
}

/** Half a surrogate pair would come back from the database as another character, and break the chain. */
function readable(text: string | undefined): string | undefined {
  if (text?.isWellFormed() === false) throw errors.invalid_input({ detail: 'A text is not well-formed Unicode.' });
  return text;
}

/** What never changes of a hold. */
export interface HoldRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly owner: string;
  readonly currency: string;
  readonly minor: string;
}

export const HOLDS = `select hold.tenant_id, id, name as owner, currency, minor from ledger.hold
  join ledger.account on account.tenant_id = hold.tenant_id and account.number = hold.account`;

/** The leg that gives a hold back. */
function backOf({ owner, currency, minor }: HoldRow): Leg {
  return { from: heldBy(owner), to: owner, currency, minor: BigInt(minor), memo: undefined };
}

/** Somebody else's hold is no hold: who may not move the currency shall not learn that it is there. */
async function readHold({ database }: Desk, { tenantId, party }: Who, id: string): Promise<HoldRow> {
  const [hold] = await readRows<HoldRow>(database, `${HOLDS} where hold.tenant_id = $1 and id = $2`, [tenantId, id]);
  if (!hold || !owns(party, hold.currency)) throw refusals.hold_unknown();
  return hold;
}

const POST = `select kind, giver.name as from, taker.name as to, giver.currency, minor from ledger.transfer
  join ledger.account giver on giver.tenant_id = transfer.tenant_id and giver.number = from_account
  join ledger.account taker on taker.tenant_id = transfer.tenant_id and taker.number = to_account
  where transfer.tenant_id = $1 and seq >= $2 and seq < $2 + 100 and post = $2 order by seq desc`;

/** The legs of a post, the last first. */
async function readPost({ database }: Desk, { tenantId, party }: Who, post: number) {
  const legs = await readRows<{ kind: Kind; from: string; to: string; currency: string; minor: string }>(
    database,
    POST,
    [tenantId, post],
  );
  const [first] = legs;
  if (!first || !legs.every(({ currency }) => owns(party, currency))) throw refusals.post_unknown();
  if (first.kind !== 'post' && first.kind !== 'capture') throw refusals.not_reversible();
  return legs.map(({ from, to, currency, minor }) => ({ from, to, currency, minor: BigInt(minor) }));
}
