import { type Clock, type Duration, milliseconds } from '@plinth/sdk';

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #now: number;

  constructor(start: string = '2030-01-01T00:00:00Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** @example clock.advance('3d') */
  advance(by: Duration): void {
    this.#now += milliseconds(by);
  }

  set(to: string): void {
    this.#now = Date.parse(to);
  }
}
