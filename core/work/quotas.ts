// Every number that bounds heavy work, per room: what one site and one person may have on its way, and make in a day.

interface Quota {
  /** Waiting and running at once. */
  readonly open: number;
  /** Seconds of output that were begun since midnight, UTC. */
  readonly secondsPerDay: number;
}

export interface Quotas {
  readonly tenant: Quota;
  readonly person: Quota;
}

const HOUR = 3_600;

/** By room: the part of a kind before its dot. */
export const WORK_QUOTAS: Readonly<Record<string, Quotas>> = {
  renders: {
    tenant: { open: 200, secondsPerDay: 48 * HOUR },
    person: { open: 20, secondsPerDay: 4 * HOUR },
  },
  media: {
    tenant: { open: 1_000, secondsPerDay: 200 * HOUR },
    person: { open: 50, secondsPerDay: 12 * HOUR },
  },
};

/** For a room that has none of its own. */
export const USUAL_QUOTAS: Quotas = {
  tenant: { open: 200, secondsPerDay: 48 * HOUR },
  person: { open: 20, secondsPerDay: 4 * HOUR },
};

/** Of a specification, as JSON. */
export const SPEC_BYTES = 4 * 1024 * 1024;
/** Starts of which no end is known: the third node that goes away takes the work with it. */
export const STARTS = 3;
/** One start takes no longer. */
export const LONGEST_MS = 6 * HOUR * 1000;
/** What was told to stop and does not has so long before its slot is given to others. */
export const GRACE_MS = 5_000;
/** How long it is known how work ended. */
export const KEEP_DAYS = 7;
