/** Every number of the room. */
export interface RealtimeLimits {
  readonly sockets: number;
  readonly channelsPerSocket: number;
  /** Of a message that a page sends, and of an event. */
  readonly messageBytes: number;
  readonly eventBytes: number;
  /** Messages of one socket: how many may come at once, and how many a second after that. */
  readonly burst: number;
  readonly perSecond: number;
  /** Refused messages until the socket is closed. */
  readonly patience: number;
  /** What may wait for one reader; beyond it the reader is dropped. */
  readonly bufferedBytes: number;
  readonly historyEvents: number;
  readonly historyBytes: number;
  /** Channels nobody is in, kept for those who come back. */
  readonly idleChannels: number;
  readonly idleMs: number;
  readonly helloMs: number;
  readonly handlerMs: number;
  readonly heartbeatMs: number;
  readonly typingMs: number;
  /** Changes of presence are told together, this often: a thousand people who arrive are a few messages to each. */
  readonly presenceMs: number;
  /** How often a node says who is in its channels, beside telling every change. */
  readonly announceMs: number;
  /** People named in `joined`; the rest are only counted. */
  readonly people: number;
}

export const LIMITS: RealtimeLimits = {
  sockets: 50_000,
  channelsPerSocket: 100,
  messageBytes: 16 * 1024,
  eventBytes: 32 * 1024,
  burst: 60,
  perSecond: 20,
  patience: 100,
  bufferedBytes: 1024 * 1024,
  historyEvents: 200,
  historyBytes: 64 * 1024,
  idleChannels: 2000,
  idleMs: 5 * 60_000,
  helloMs: 10_000,
  handlerMs: 10_000,
  heartbeatMs: 30_000,
  typingMs: 5000,
  presenceMs: 200,
  announceMs: 15_000,
  people: 200,
};
