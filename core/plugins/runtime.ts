import type { Clock, ExtendContribution, FillContribution, Log, Plugin, ProvideContribution } from '@plinth/sdk';
import type pg from 'pg';
import type { Database } from '../database/database.ts';
import type { Handled } from '../events/inbox.ts';
import type { NewRun } from '../jobs/enqueue.ts';
import type { JobRun } from '../jobs/execution.ts';
import type { Provided } from '../room.ts';
import type { Tracing } from '../telemetry/tracing.ts';
import type { TenantState } from '../tenancy/state.ts';
import type { Tenancy } from '../tenancy/tenancy.ts';
import type { CallStart } from './call.ts';
import type { PluginContext } from './context.ts';

/** What the contexts of all plugins share: the rooms behind `ctx`, and who offers what. */
export interface Runtime {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly tenancy: Tenancy;
  /** In development and tests, replies and service results are held against their schemas. */
  readonly strict: boolean;
  readonly tracing: Tracing | undefined;
  readonly loaded: Map<string, Loaded>;
  /** Plugins that are not here in the version they should be, and why. */
  readonly setAside: Map<string, string>;
  /** The kernel's own services, by id. */
  readonly kernelServices: Map<string, Provided>;
  /** Documents and bytes that one plugin may keep in one tenant. */
  readonly storeQuota: { readonly documents: number; readonly bytes: number };
  markHandled(client: pg.ClientBase, delivery: Handled): Promise<boolean>;
  enqueue(client: pg.ClientBase, run: NewRun): Promise<{ runId: string }>;
  publish(message: { tenantId: string; plugin: string; path: string; event: unknown }): void;
  /** Called after a commit that wrote events or jobs. */
  nudge(what: 'events' | 'jobs'): void;
}

/** A plugin that passed every check and is ready to be called. */
export interface Loaded {
  readonly plugin: Plugin;
  readonly id: string;
  /** The ctx class made for this plugin. */
  readonly Context: new (
    start: CallStart,
    work?: Work,
  ) => PluginContext;
  readonly capabilities: ReadonlySet<string>;
  readonly provides: ReadonlyMap<string, ProvideContribution>;
  readonly extensions: readonly ExtendContribution[];
  readonly fills: readonly FillContribution[];
  settingsOf(tenant: TenantState): unknown;
}

/** What a ctx serves beside a request: the delivery of an event, or the run of a job. */
export interface Work {
  readonly delivery?: Handled;
  readonly run?: Pick<JobRun, 'step' | 'progress' | 'commit'>;
}
