import type { Attendance } from './presence.ts';

/** What nodes tell each other. Everything names its tenant. */
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
  | { readonly kind: 'who'; readonly tenantId: string; readonly channel: string };

/** Carries messages to every other node, in the order they were given by one node; some may be lost. */
export interface Bus {
  publish(message: BusMessage): void;
  subscribe(receive: (message: BusMessage) => void): void;
  close(): Promise<void>;
}

/** A node that is alone has nobody to tell. */
export const nobody: Bus = { publish: () => {}, subscribe: () => {}, close: async () => {} };
