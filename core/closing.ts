import type { Log } from '@plinth/sdk';

/**
 * Adds to a stack of what is to be closed. One that fails to close is logged, and keeps neither the others open nor the
 * reason from being told why all of them are closed.
 *
 * @example
 * await using opened = new AsyncDisposableStack();
 * const closes = closing(opened, log);
 * closes('database', () => database.close());
 */
export function closing(opened: AsyncDisposableStack, log: Log) {
  return (what: string, close: () => Promise<unknown> | undefined): void =>
    opened.defer(async () => {
      try {
        await close();
      } catch (error) {
        log.error('not-closed', { what, error });
      }
    });
}
