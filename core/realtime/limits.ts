/** Every number of the room. */
export const LIMITS = {
  sockets: 50_000,
  channelsPerSocket: 100,
  /** Of a message that a page sends, and of an event. */
  messageBytes: 16 * 1024,
  eventBytes: 32 * 1024,
  /** Messages of one socket: how many may come at once, and how many a second after that. */
  burst: 60,
  perSecond: 20,
  /** Refused messages until the socket is closed. */
  patience: 100,
  /** What may wait for one reader; beyond it the reader is dropped. */
  bufferedBytes: 1024 * 1024,
  historyEvents: 200,
  historyBytes: 64 * 1024,
  /** Channels nobody is in, kept for those who come back. */
  idleChannels: 2000,
  idleMs: 5 * 60_000,
  handlerMs: 10_000,
  /** How often a page must be heard from. */
  heartbeatMs: 30_000,
  typingMs: 5000,
  /** Changes of presence are told together, this often: a thousand people who arrive are a few messages to each. */
  presenceMs: 200,
  /** How often a node says who is in its channels, beside telling every change. */
  announceMs: 15_000,
  /** People named in `joined`; the rest are only counted. */
  people: 200,
};
export type RealtimeLimits = Readonly<typeof LIMITS>;
