import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock, Log } from '@plinth/sdk';
import type { Consumers } from './consumers.ts';
import type { Deliveries, InHand } from './deliveries.ts';
import { Loop } from './loop.ts';
import { type RelayDeps, type Relayed, relayOnce } from './relay.ts';

/** An open transaction that holds events back is mostly over at once; one that is not is looked after twice a second. */
const HELD_MS = [2, 5, 10, 20, 50, 100, 200];
const HELD_LONG_MS = 500;
const SETTLE_WITHIN_MS = 10_000;

export type Relay = () => Promise<Relayed>;

export interface TableDeps extends Omit<RelayDeps, 'send'> {
  readonly deliveries: Deliveries;
  readonly consumers: Consumers;
  readonly clock: Clock;
  /** Something was sent that this node does not begin. */
  readonly onLeft: () => void;
}

/** Relays by the table. What this node can begin at once is in its hand from the start, and needs not be taken. */
export function relayByTable({ database, enabled, deliveries, consumers, clock, onLeft }: TableDeps): Relay {
  return async () => {
    let mine: InHand[] = [];
    const send: RelayDeps['send'] = async (client, sent) => {
      mine = consumers.choose(sent);
      await deliveries.add(client, sent, new Set(mine), clock.now());
    };
    try {
      const relayed = await relayOnce({ database, enabled, send });
      consumers.begin(mine);
      if (mine.length < relayed.sent) onLeft();
      return relayed;
    } catch (error) {
      consumers.giveUp(mine);
      throw error;
    }
  };
}

/** Relays in the background, as long as there is something to relay. */
export function relayLoop(relay: Relay, log: Log): Loop {
  let held = 0;
  return new Loop(
    async () => {
      const { left } = await relay();
      if (left === 'held') return HELD_MS[held++] ?? HELD_LONG_MS;
      held = 0;
      return left === 'more' ? 0 : undefined;
    },
    (error) => log.warn('relay-failed', { error: String(error) }),
  );
}

/** Relays all there is, also what an open transaction still holds back. Answers whether anything was sent. */
export async function relayAll(relay: Relay): Promise<boolean> {
  const until = performance.now() + SETTLE_WITHIN_MS;
  let any = false;
  for (let held = 0; performance.now() < until; ) {
    const { sent, left } = await relay();
    any ||= sent > 0;
    if (left === 'none') return any;
    if (left === 'held') await sleep(HELD_MS[held++] ?? HELD_LONG_MS);
  }
  throw new Error('Events do not settle: a transaction is left open somewhere on this server.');
}
