// The room that keeps every balance.
import { type Call, type Clock, job, type Log } from '@plinth/sdk';
import {
  type Balance,
  type BalanceOf,
  type Capture,
  type Held,
  type Hold,
  Ledger,
  type Post,
  type Posted,
  type Release,
  type Reverse,
  type Statement,
  type StatementOf,
} from '@plinth/sdk/services/ledger.ts';
import { Type } from 'typebox';
import type { Database } from '../database/database.ts';
import { errors } from '../errors.ts';
import { type Provided, provided, type Room } from '../room.ts';
import type { Command, Done } from './book.ts';
import {
  type CheckEvent,
  captureCommand,
  holdCommand,
  postCommand,
  releaseCommand,
  reverseCommand,
  type Who,
} from './commands.ts';
import { expireHolds } from './expiry.ts';
import { Lane } from './lane.ts';
import { KERNEL } from './names.ts';
import { Line, pipelinePool } from './pipeline.ts';
import { balanceOf, balancesOf, statementOf } from './statement.ts';
import { type Verdict, verifyBooks } from './verify.ts';

/** The ledger for other rooms and the command line; `who` says in whose book and in whose name. */
export interface LedgerApi {
  post(who: Who, input: Post): Promise<Posted>;
  hold(who: Who, input: Hold): Promise<Held>;
  capture(who: Who, input: Capture): Promise<Posted>;
  release(who: Who, input: Release): Promise<Posted>;
  reverse(who: Who, input: Reverse): Promise<Posted>;
  balance(who: Who, input: BalanceOf): Promise<Balance>;
  balances(who: Who, account: string): Promise<Balance[]>;
  statement(who: Who, input: StatementOf): Promise<Statement>;
  /** Gives back what was held too long, in every book. Returns how many. */
  expireHolds(now?: Date): Promise<number>;
  /** Recomputes one book or all of them. */
  verify(tenantId?: string): Promise<Verdict>;
}

export interface LedgerDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly log?: Log;
  /** Looks at the payload of each event that is to commit with a post. */
  readonly checkEvent?: CheckEvent;
  /** Called after a commit that wrote events. */
  readonly nudge?: () => void;
}

/** Lanes commit side by side, so a book that somebody has locked delays a part of the others only. */
const LANES = 4;

/** @example await ledger.post({ tenantId, party: KERNEL }, { key: 'gift-1', transfers: [{ from, to, currency: 'coin', minor: 5 }] }); */
export function createLedger(deps: LedgerDeps): Room & LedgerApi {
  const { database, clock, log, checkEvent: check, nudge = () => {} } = deps;
  const desk = { database, check };
  const pool = pipelinePool(database.pool, LANES);
  const lanes = Array.from({ length: LANES }, () => new Lane(new Line(pool, database.roles.ledger), clock, log, nudge));
  const submit = (command: Command) => laneOf(lanes, command.tenantId).submit(command);
  const api: LedgerApi = {
    post: (who, input) => rejecting(() => submit(postCommand(desk, who, input))),
    hold: async (who, input) => heldOf(await submit(holdCommand(desk, who, input))),
    capture: async (who, input) => submit(await captureCommand(desk, who, input)),
    release: async (who, input) => submit(await releaseCommand(desk, who, input)),
    reverse: async (who, input) => submit(await reverseCommand(desk, who, input)),
    balance: (who, input) => balanceOf(database, who, input),
    balances: (who, account) => balancesOf(database, who, account),
    statement: (who, input) => statementOf(database, who, input),
    expireHolds: (now = clock.now()) => expireHolds(desk, now, submit),
    verify: (tenantId) => verifyBooks(database, tenantId),
  };
  return {
    ...api,
    name: 'ledger',
    provides: [provideTo(api)],
    jobs: { 'expire-holds': job(Type.Object({}), { every: '1m' }) },
    contributions: [
      {
        kind: 'job',
        name: 'expire-holds',
        handler: async (call: Call) => void (await api.expireHolds(call.clock.now())),
      },
    ],
    drain: async () => void (await Promise.all(lanes.map((lane) => lane.drain()))),
    stop: () => pool.end(),
  };
}

/** A book has one lane, so that within a process its posts have one order. */
function laneOf(lanes: readonly Lane[], tenantId: string): Lane {
  // The last digits of a tenant's id are random.
  const lane = lanes[Number.parseInt(tenantId.slice(-4), 16) % lanes.length];
  if (!lane) throw errors.bad_tenant({ detail: 'A tenant id is a uuid.' });
  return lane;
}

/** As an async function would, without a promise around the promise: this is the hottest path of the ledger. */
function rejecting<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}

function heldOf(done: Done): Held {
  if (!('hold' in done)) throw new Error('A hold was posted without its id.');
  return done;
}

function provideTo(api: LedgerApi): Provided {
  return provided(Ledger, {
    post: (call, input) => api.post(whoOf(call), input),
    hold: (call, input) => api.hold(whoOf(call), input),
    capture: (call, input) => api.capture(whoOf(call), input),
    release: (call, input) => api.release(whoOf(call), input),
    reverse: (call, input) => api.reverse(whoOf(call), input),
    balance: (call, input) => api.balance(whoOf(call), input),
    balances: async (call, { account }) => ({ items: await api.balances(whoOf(call), account) }),
    statement: (call, input) => api.statement(whoOf(call), input),
  });
}

/** Through the service only plugins come; a call without one must not pass for the kernel, which may move anything. */
function whoOf({ tenant, caller, actor, requestId }: Call): Who {
  if (caller === undefined || caller === KERNEL) throw errors.forbidden({ detail: 'The ledger serves plugins.' });
  return { tenantId: tenant.id, party: caller, actor, requestId };
}
