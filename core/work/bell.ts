/**
 * For whoever waits until something happened: whoever asks before they look miss nothing.
 *
 * @example const rung = bell.rung(); if (!(await look())) await rung;
 */
export class Bell {
  #next = Promise.withResolvers<void>();

  readonly rung = (): Promise<void> => this.#next.promise;

  strike(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers();
  }
}
