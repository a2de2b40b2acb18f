// What a ledger should do, in the plainest way: one thing after the other, in memory, with numbers.
export interface OracleLeg {
  from: string;
  to: string;
  currency: string;
  minor: number;
}

export type Step =
  | { do: 'post'; legs: OracleLeg[] }
  | { do: 'hold'; from: string; currency: string; minor: number }
  | { do: 'capture'; hold: number; to: string; minor: number }
  | { do: 'release'; hold: number }
  | { do: 'reverse'; post: number };

interface OracleHold {
  from: string;
  currency: string;
  minor: number;
  until: number;
  open: boolean;
}

/** A post's number if it was done, or why not. */
export type Answer = number | string;

export class Oracle {
  readonly balances = new Map<string, number>();
  readonly holds: OracleHold[] = [];
  readonly posts: { number: number; legs: OracleLeg[]; kind: Step['do']; reversed: boolean }[] = [];
  #seq = 0;

  has(currency: string, account: string): number {
    return this.balances.get(`${currency} ${account}`) ?? 0;
  }

  held(currency: string, account: string): number {
    const open = this.holds.filter((hold) => hold.open && hold.currency === currency && hold.from === account);
    return open.reduce((sum, { minor }) => sum + minor, 0);
  }

  step(step: Step, now: number, forMs: number): Answer {
    switch (step.do) {
      case 'post':
        return this.#move(step.legs, 'post');
      case 'hold': {
        const { from, currency, minor } = step;
        const answer = this.#move([{ from, to: `${from}/held`, currency, minor }], 'hold');
        if (typeof answer === 'number') this.holds.push({ from, currency, minor, until: now + forMs, open: true });
        return answer;
      }
      case 'capture': {
        const hold = this.holds[step.hold];
        if (!hold) return 'hold_unknown';
        if (step.minor > hold.minor) return 'capture_too_large';
        if (!hold.open) return 'hold_settled';
        if (hold.until <= now) return 'hold_expired';
        const rest = hold.minor - step.minor;
        const back = { from: `${hold.from}/held`, to: hold.from, currency: hold.currency, minor: rest };
        return this.#settle(
          hold,
          [{ ...back, to: step.to, minor: step.minor }, ...(rest > 0 ? [back] : [])],
          'capture',
        );
      }
      case 'release': {
        const hold = this.holds[step.hold];
        if (!hold) return 'hold_unknown';
        if (!hold.open) return 'hold_settled';
        return this.#settle(hold, [{ ...hold, from: `${hold.from}/held`, to: hold.from }], 'release');
      }
      case 'reverse':
        return this.#reverse(step.post);
    }
  }

  /** How many entries came of it. */
  expire(now: number): void {
    for (const hold of this.holds) {
      if (hold.open && hold.until <= now)
        this.#settle(hold, [{ ...hold, from: `${hold.from}/held`, to: hold.from }], 'release');
    }
  }

  #settle(hold: OracleHold, legs: OracleLeg[], kind: Step['do']): Answer {
    const answer = this.#move(legs, kind);
    if (typeof answer === 'number') hold.open = false;
    return answer;
  }

  #reverse(index: number): Answer {
    const post = this.posts[index];
    if (!post) return 'post_unknown';
    const { kind, legs } = post;
    if (kind !== 'post' && kind !== 'capture') return 'not_reversible';
    const back = legs.toReversed().map((leg) => ({ ...leg, from: leg.to, to: leg.from.replace('/held', '') }));
    const moving = back.filter(({ from, to }) => from !== to);
    if (moving.length === 0) return 'not_reversible';
    if (post.reversed) return 'post_reversed';
    const answer = this.#move(moving, 'reverse');
    if (typeof answer === 'number') post.reversed = true;
    return answer;
  }

  #move(legs: OracleLeg[], kind: Step['do']): Answer {
    const trial = new Map(this.balances);
    for (const { from, to, currency, minor } of legs) {
      if (from === to) return 'bad_transfer';
      const left = (trial.get(`${currency} ${from}`) ?? 0) - minor;
      if (left < 0 && !from.startsWith('source:')) return 'insufficient_funds';
      trial.set(`${currency} ${from}`, left);
      trial.set(`${currency} ${to}`, (trial.get(`${currency} ${to}`) ?? 0) + minor);
    }
    for (const [account, balance] of trial) this.balances.set(account, balance);
    const number = this.#seq + 1;
    this.#seq += legs.length;
    this.posts.push({ number, legs, kind, reversed: false });
    return number;
  }
}
