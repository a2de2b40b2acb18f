import type { Attendance } from './presence.ts';

/** What nodes tell each other. Everything that is said in a channel names its tenant. */
export type BusMessage =
  | {
      readonly kind: 'event';
      readonly tenantId: string;
      readonly channel: string;
      readonly at: string;
      readonly json: string;
    }
  | {
      readonly kind: 'typing';
      readonly tenantId: string;
      readonly channel: string;
      readonly accountId: string;
      readonly on: boolean;
    }
  | {
      readonly kind: 'here';
      readonly tenantId: string;
      readonly channel: string;
      readonly node: string;
      readonly attendance: Attendance;
    }
  | { readonly kind: 'who'; readonly tenantId: string; readonly channel: string }
  /** A node was cut off for a while: what was said meanwhile did not reach everybody. */
  | { readonly kind: 'lost' };

/** Carries messages to every other node, in the order they were given by one node; some may be lost. */
export interface Bus {
  publish(message: BusMessage): void;
  /** `reconnected` is called when messages of ours or of others may have been lost. */
  subscribe(receive: (message: BusMessage) => void, reconnected: () => void): void;
  close(): Promise<void>;
}

/** A node that is alone has nobody to tell. */
export const nobody: Bus = { publish: () => {}, subscribe: () => {}, close: async () => {} };
