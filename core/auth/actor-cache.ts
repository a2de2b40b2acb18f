import type { Person } from '@plinth/sdk';

/** How long an answer may be wrong on a node that missed the notice of a revocation. */
const FRESH_MS = 30_000;
const MOST_KEPT = 20_000;

interface Kept {
  readonly tenantId: string;
  readonly actor: Person;
  readonly until: number;
}

/**
 * Who is behind a token, for a short while. Every answer lives equally long, so the order of insertion is the order of
 * expiry, and making room means dropping the oldest.
 */
export class ActorCache {
  /** Changes with every revocation: an answer read before one must not be kept after it. */
  epoch = 0;
  readonly #byToken = new Map<string, Kept>();
  readonly #listeners: ((tenantId?: string, subjectId?: string) => void)[] = [];

  /** A token is unique by its 256 bits, so one kept for another tenant answers nothing here. */
  get(tenantId: string, token: string, now: number): Person | undefined {
    const kept = this.#byToken.get(token);
    if (kept === undefined || kept.tenantId !== tenantId || kept.until <= now) return undefined;
    return kept.actor;
  }

  put(tenantId: string, token: string, actor: Person, now: number, expiresAt: number, epoch: number): void {
    if (epoch !== this.epoch) return;
    this.#byToken.delete(token);
    for (const [oldest, kept] of this.#byToken) {
      if (kept.until > now && this.#byToken.size < MOST_KEPT) break;
      this.#byToken.delete(oldest);
    }
    this.#byToken.set(token, { tenantId, actor, until: Math.min(now + FRESH_MS, expiresAt) });
  }

  /** Drops a credential or an account of a tenant, a whole tenant, or everything. */
  forget(tenantId?: string, subjectId?: string): void {
    this.epoch += 1;
    for (const [token, { tenantId: tenant, actor }] of this.#byToken) {
      if (tenantId !== undefined && tenant !== tenantId) continue;
      if (subjectId !== undefined && actor.credential.id !== subjectId && actor.accountId !== subjectId) continue;
      this.#byToken.delete(token);
    }
    for (const listener of this.#listeners) listener(tenantId, subjectId);
  }

  onForget(listener: (tenantId?: string, subjectId?: string) => void): void {
    this.#listeners.push(listener);
  }
}
