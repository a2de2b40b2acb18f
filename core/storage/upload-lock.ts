import { setTimeout as pause } from 'node:timers/promises';
import { newId } from '@plinth/sdk';
import { type Lock, type Locker, MemoryLocker } from '@tus/server';
import type { Catalog } from './catalog.ts';
import { errors } from './errors.ts';

/** A node that died holds up its uploads for this long; one that lives says so three times meanwhile. */
const LEASE_MS = 15_000;
const BETWEEN_TRIES_MS = 250;
const MOST_TRIES = (2 * LEASE_MS) / BETWEEN_TRIES_MS;

/** Whose upload it is belongs to the lock: asking for somebody else's must not even disturb it. */
export const lockName = (tenantId: string, accountId: string, objectId: string) =>
  `${tenantId}/${accountId}/${objectId}`;

/**
 * One connection writes to an upload at a time: within this process by tus's own lock, which also tells the old
 * connection to make way; across nodes by a lease in the upload's row, kept by the database's clock.
 */
export function createUploadLocker(catalog: Catalog): Locker {
  const here = new MemoryLocker();

  function newLock(name: string): Lock {
    const [tenantId = '', accountId = '', objectId = ''] = name.split('/');
    const upload = { tenantId, accountId, objectId, token: newId() };
    const local = here.newLock(name);
    let renewing: NodeJS.Timeout | undefined;

    async function leased(signal: AbortSignal): Promise<void> {
      for (let tries = 0; !(await catalog.lease(upload, LEASE_MS)); tries++) {
        if (tries === MOST_TRIES) throw errors.upload_busy();
        await pause(BETWEEN_TRIES_MS, undefined, { signal });
      }
    }

    return {
      async lock(signal, makeWay) {
        await local.lock(signal, makeWay);
        try {
          await leased(signal);
        } catch (error) {
          await local.unlock();
          throw error;
        }
        // Whoever cannot say that it lives, or is told that another has taken over, stops writing.
        const renew = () => catalog.lease(upload, LEASE_MS).then((still) => still || makeWay(), makeWay);
        renewing = setInterval(renew, LEASE_MS / 3).unref();
      },
      async unlock() {
        clearInterval(renewing);
        await catalog.unlease(upload).finally(() => local.unlock());
      },
    };
  }

  return { newLock };
}
