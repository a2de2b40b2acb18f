import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@plinth/sdk';
import { type Locker, MemoryLocker } from '@tus/server';
import type { Catalog } from './catalog.ts';

/** A node that died holds up its uploads for this long; one that lives says so three times meanwhile. */
const LEASE_MS = 15_000;
const BETWEEN_TRIES_MS = 250;

/**
 * One connection writes to an upload at a time: within this process by tus's own lock, which also tells the old
 * connection to make way; across nodes by a lease in the upload's row, kept by the database's clock.
 */
export function createUploadLocks(catalog: Catalog): (tenantId: string, accountId: string) => Locker {
  const here = new MemoryLocker();
  return (tenantId, accountId) => ({
    newLock(objectId) {
      // Whose upload it is belongs to the lock: asking for somebody else's must not even disturb it.
      const local = here.newLock(`${tenantId}/${accountId}/${objectId}`);
      const writer = { tenantId, accountId, objectId, token: newId() };
      let renewing: NodeJS.Timeout | undefined;
      return {
        async lock(signal, makeWay) {
          await local.lock(signal, makeWay);
          try {
            const giveUp = AbortSignal.any([signal, AbortSignal.timeout(2 * LEASE_MS)]);
            while (!(await catalog.lease(writer, LEASE_MS))) {
              await pause(BETWEEN_TRIES_MS, undefined, { signal: giveUp });
            }
          } catch (error) {
            await local.unlock();
            throw error;
          }
          // Whoever cannot say that it lives, or is told that another has taken over, stops writing.
          const renew = () => catalog.lease(writer, LEASE_MS).then((still) => still || makeWay(), makeWay);
          renewing = setInterval(renew, LEASE_MS / 3).unref();
        },
        async unlock() {
          clearInterval(renewing);
          await catalog.lease(writer, 0).finally(() => local.unlock());
        },
      };
    },
  });
}
