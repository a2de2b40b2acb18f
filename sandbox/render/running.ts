// What a render has started and opened: when it ends, however it ends, nothing of that is left.
import { STALL_MS } from '../limits.ts';
import { renderErrors } from './errors.ts';

/** A process, or something that is opened. */
interface Owned {
  readonly ended?: Promise<unknown>;
  kill?(): void;
  close?(): void;
  /** After all processes have ended. */
  cleared?(): Promise<void>;
}

export class Running implements AsyncDisposable {
  readonly #owned: Owned[] = [];
  readonly #signal: AbortSignal | undefined;
  readonly #stopped = Promise.withResolvers<never>();
  readonly #watchdog: NodeJS.Timeout;
  #movedAt = performance.now();
  #over = false;

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#stopped.promise.catch(() => {});
    signal?.addEventListener('abort', this.#cancel);
    if (signal?.aborted) this.#cancel();
    this.#watchdog = setInterval(() => {
      if (performance.now() - this.#movedAt < STALL_MS) return;
      this.#stopped.reject(renderErrors.too_slow({ detail: `Nothing moved for ${STALL_MS / 1000} s.` }));
    }, 1000);
  }

  readonly #cancel = () => this.#stopped.reject(renderErrors.cancelled());

  owns<T extends Owned>(owned: T): T {
    this.#owned.push(owned);
    // What was still on its way when all was over.
    if (this.#over) stop(owned);
    return owned;
  }

  /** Something went on. */
  readonly moved = (): void => {
    this.#movedAt = performance.now();
  };

  /**
   * Before anything is started with descriptors that were waited for: when all is over they are closed, and their numbers
   * belong to others.
   */
  check(): void {
    if (this.#over || this.#signal?.aborted) throw renderErrors.cancelled();
  }

  /** The work, or that it was cancelled or stands still. */
  race<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {});
    return Promise.race([work, this.#stopped.promise]);
  }

  /** The same for work of others, which have watchdogs of their own: they may take their time. */
  async waitFor<T>(work: Promise<T>): Promise<T> {
    const waiting = setInterval(this.moved, 1_000);
    try {
      return await this.race(work);
    } finally {
      clearInterval(waiting);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#watchdog);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#over = true;
    for (const owned of this.#owned) stop(owned);
    await Promise.all(this.#owned.map(({ ended }) => ended));
    await Promise.all(this.#owned.map((owned) => owned.cleared?.()));
  }
}

function stop(owned: Owned): void {
  owned.kill?.();
  owned.close?.();
}
