/** How long work that has failed so often in a row waits for its next attempt: 1 s, 4 s, 16 s, … an hour. */
export const retryDelay = (failures: number) => scattered(Math.min(1_000 * 4 ** (failures - 1), 3_600_000));

/** How long to wait for a server that did not answer so often in a row: 50 ms, 100 ms, 200 ms, … 2 s. */
export const reconnectDelay = (failures: number) => scattered(Math.min(50 * 2 ** (failures - 1), 2_000));

/** Up to a fifth longer by chance: what failed together does not come back together. */
const scattered = (delay: number) => Math.round(delay * (1 + Math.random() / 5));

/** What is kept of an error, for whoever looks: PostgreSQL's text has no zero bytes. */
export function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return reason.replaceAll('\0', '').slice(0, 4_000);
}
