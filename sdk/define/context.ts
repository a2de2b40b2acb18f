import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { Static, TSchema } from 'typebox';
import type { Actor, TenantFacts } from './actor.ts';
import type { Channel } from './channel.ts';
import type { Collection, DocumentStore } from './collection.ts';
import type { Event } from './event.ts';
import type { EnqueueOptions, Job } from './job.ts';
import type { Answer, Combine, Point } from './point.ts';
import type { Params } from './route.ts';
import type { Client, Methods, OptionalService, Service } from './service.ts';
import type { Slot, SlotEntry } from './slot.ts';

export interface Clock {
  now(): Date;
}

/** Logs are events with fields: `ctx.log.info('tip-sent', { points })`. Request, tenant and actor are added. */
export interface Log {
  debug(event: string, fields?: Readonly<Record<string, unknown>>): void;
  info(event: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields?: Readonly<Record<string, unknown>>): void;
  error(event: string, fields?: Readonly<Record<string, unknown>>): void;
}

export type Transaction = NodePgDatabase;

/** The plugin's own tables, as its own role, with only this tenant's rows. */
export interface Db {
  /**
   * Runs and commits. Events and jobs given to `ctx.emit` and `ctx.enqueue` meanwhile commit with it, or not at all.
   * Calling a service inside throws `kernel.tx_open`: no handler holds a connection while it waits for another.
   */
  transaction<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
  /** A read-only transaction: may be answered by a replica. */
  read<T>(run: (tx: Transaction) => Promise<T>): Promise<T>;
}

/** Who is served, for whom, and until when: the part of every ctx that needs no plugin. */
export interface Call {
  readonly tenant: TenantFacts;
  readonly actor: Actor;
  /** The plugin whose service call this is; absent for requests, events and jobs. */
  readonly caller: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Same in logs, traces, problem details and the `x-request-id` header. */
  readonly requestId: string;
  /** Aborted when the caller is gone, the deadline has passed or the node drains. */
  readonly signal: AbortSignal;
  /** Whether the actor holds a permission. */
  can(permission: string): boolean;
}

/** What every handler of every plugin has, before its declared needs. */
export interface BaseContext extends Call {
  readonly db: Db;
  /**
   * One step of a job: its result is remembered by name, so a retried run does not do it again. When the run finally
   * fails, the `undo` of every finished step runs in reverse order.
   */
  step<T>(name: string, run: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T>;
  /** How far a job is, from 0 to 1, told to whoever watches it. */
  progress(fraction: number, note?: string): Promise<void>;
}

export type Need = Service | OptionalService | Point | Slot;

/** Who a plugin is and what it asks of its tenants. */
export interface Identity {
  readonly id: string;
  readonly version: string;
  /** The kernel versions it runs on, as a semver range. */
  readonly kernel: string;
  readonly title: string;
  readonly summary: string;
  /** What it may touch, consented to by each tenant: `ledger:post`, `net:api.example.com`. */
  readonly capabilities?: readonly string[];
  /** Permission → what it lets a person do, in words. */
  readonly permissions?: Readonly<Record<string, string>>;
  /** Suggested bundles of its permissions. */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** A folder of `NNNN_name.sql`, applied in order in the plugin's own schema. */
  readonly migrations?: URL;
}

/** What a plugin declares about itself, before any of its code runs. */
export interface Header extends Identity {
  /** Services it calls, points it asks, slots it reads: each becomes a member of ctx under the name given here. */
  readonly needs?: Readonly<Record<string, Need>>;
  readonly emits?: Readonly<Record<string, Event>>;
  readonly jobs?: Readonly<Record<string, Job>>;
  readonly channels?: Readonly<Record<string, Channel>>;
  readonly collections?: Readonly<Record<string, Collection>>;
  /** Per tenant. Every field needs a default; the admin form is drawn from the schema. */
  readonly settings?: TSchema;
}

type ClientOf<N> =
  N extends Service<infer M extends Methods>
    ? Client<M>
    : N extends OptionalService<infer M extends Methods>
      ? Client<M> | undefined
      : N extends Point<infer I, infer O, infer K extends Combine>
        ? (input: Static<I>) => Promise<Answer<I, O, K>>
        : N extends Slot<infer S>
          ? () => Promise<readonly SlotEntry<S>[]>
          : never;

type Part<H, K extends string> = H extends { readonly [P in K]: infer V } ? V : Record<never, never>;

type NeedsOf<H> = { readonly [K in keyof Part<H, 'needs'>]: ClientOf<Part<H, 'needs'>[K]> };

type EmitsOf<H> = {
  readonly [K in keyof Part<H, 'emits'>]: Part<H, 'emits'>[K] extends Event<infer S>
    ? (payload: Static<S>) => Promise<void>
    : never;
};

type EnqueuesOf<H> = {
  readonly [K in keyof Part<H, 'jobs'>]: Part<H, 'jobs'>[K] extends Job<infer S>
    ? (data: Static<S>, options?: EnqueueOptions) => Promise<{ readonly runId: string }>
    : never;
};

type PublishesOf<H> = {
  readonly [K in keyof Part<H, 'channels'>]: Part<H, 'channels'>[K] extends Channel<infer P, infer S>
    ? (params: Params<P>, event: Static<S>) => Promise<void>
    : never;
};

type StoresOf<H> = {
  readonly [K in keyof Part<H, 'collections'>]: Part<H, 'collections'>[K] extends Collection<infer S, infer I>
    ? DocumentStore<Static<S>, I>
    : never;
};

/** The `ctx` of one plugin: the base, and a member for each thing its header declares. */
export type ContextOf<H> = BaseContext &
  NeedsOf<H> & {
    /** Writes a fact to the outbox, in the open transaction if there is one. */
    readonly emit: EmitsOf<H>;
    /** Enqueues a job, in the open transaction if there is one. */
    readonly enqueue: EnqueuesOf<H>;
    /** Sends to everyone in a channel; inside a transaction, once it has committed. */
    readonly publish: PublishesOf<H>;
    /** The plugin's documents. `transaction` makes several writes, emits and enqueues one. */
    readonly store: StoresOf<H> & { transaction<T>(run: () => Promise<T>): Promise<T> };
    readonly settings: H extends { readonly settings: infer S extends TSchema } ? Static<S> : Record<never, never>;
  };
