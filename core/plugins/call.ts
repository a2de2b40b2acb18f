import type { Actor, Call, Clock, Log, TenantFacts } from '@plinth/sdk';
import type { TenantState } from '../tenancy/state.ts';

/** What is known when a request, a delivery, a job run or a service call begins. */
export interface CallStart {
  readonly tenant: TenantState;
  readonly actor: Actor;
  readonly requestId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly caller?: string;
  /** Made only when somebody asks: most handlers never do. */
  readonly signal?: () => AbortSignal;
}

const NEVER = new AbortController().signal;

/** One call into the kernel or a plugin. Every request makes one, so it holds references and computes nothing. */
export class CallContext implements Call {
  readonly start: CallStart;
  #log: Log | undefined;

  constructor(start: CallStart) {
    this.start = start;
  }

  get tenant(): TenantFacts {
    return this.start.tenant.facts;
  }
  get actor(): Actor {
    return this.start.actor;
  }
  get caller(): string | undefined {
    return this.start.caller;
  }
  get clock(): Clock {
    return this.start.clock;
  }
  get requestId(): string {
    return this.start.requestId;
  }
  get signal(): AbortSignal {
    return this.start.signal?.() ?? NEVER;
  }
  get log(): Log {
    this.#log ??= withFields(this.start.log, this.logFields());
    return this.#log;
  }

  can(permission: string): boolean {
    return allows(this.start.actor, permission);
  }

  protected logFields(): Record<string, unknown> {
    const { actor, requestId, tenant } = this.start;
    return {
      tenant: tenant.facts.id,
      actor: actor.kind === 'person' ? actor.accountId : actor.kind,
      ...(requestId ? { requestId } : {}),
    };
  }
}

/** `*` is the owner's: every permission, also those of plugins that come later. */
export function allows(actor: Actor, permission: string): boolean {
  if (actor.kind === 'system') return true;
  return actor.kind === 'person' && (actor.permissions.has(permission) || actor.permissions.has('*'));
}

function withFields(log: Log, fields: Record<string, unknown>): Log {
  return {
    debug: (event, more) => log.debug(event, { ...fields, ...more }),
    info: (event, more) => log.info(event, { ...fields, ...more }),
    warn: (event, more) => log.warn(event, { ...fields, ...more }),
    error: (event, more) => log.error(event, { ...fields, ...more }),
  };
}
