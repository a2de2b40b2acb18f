// Nodes under load, of which something is taken away: what was acknowledged must have its effect, once.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { expect, vi } from 'vitest';
import type { Connection } from '../../testing/database.ts';
import { openHouse } from './house.ts';

export interface NodeOptions {
  readonly kind: 'events' | 'jobs';
  readonly connection: Connection;
  readonly natsUrl?: string;
  readonly redisUrl?: string;
}

/** What a node tells: that it runs, or that a write was committed. */
export type Told = { readonly ready: true } | { readonly acknowledged: string };

const ENOUGH = 1_000;

export interface Cluster {
  readonly acknowledged: ReadonlySet<string>;
  /** kill -9 of the first node, which is the leader. */
  killLeader(): Promise<void>;
  /** Another thousand writes are acknowledged. */
  enough(): Promise<void>;
  /** Ends the load, and holds the effects against what was acknowledged. */
  reckon(): Promise<void>;
  stop(): Promise<void>;
}

export async function aCluster(options: NodeOptions, size = 2): Promise<Cluster> {
  const acknowledged = new Set<string>();
  const nodes: ChildProcess[] = [];
  for (let i = 0; i < size; i++) {
    const node = fork(new URL('./node.ts', import.meta.url), [JSON.stringify(options)], { execArgv: [] });
    await new Promise<void>((resolve) => {
      node.on('message', (told: Told) => {
        if ('ready' in told) resolve();
        else acknowledged.add(told.acknowledged);
      });
    });
    nodes.push(node);
  }
  const wait = { timeout: 120_000, interval: 100 };
  return {
    acknowledged,
    async killLeader() {
      const node = nodes.shift();
      if (!node) return;
      const gone = once(node, 'exit');
      node.kill('SIGKILL');
      await gone;
    },
    async enough() {
      const before = acknowledged.size;
      await vi.waitFor(() => expect(acknowledged.size).toBeGreaterThanOrEqual(before + ENOUGH), wait);
    },
    async reckon() {
      for (const node of nodes) node.send('rest');
      const house = openHouse(options.connection);
      const missing = async () => acknowledged.difference(new Set(await house.effects()));
      await vi.waitFor(async () => expect([...(await missing())].slice(0, 5)).toEqual([]), wait);
      const effects = await house.effects();
      expect(effects).toHaveLength(new Set(effects).size);
      await house.close();
    },
    async stop() {
      for (const node of nodes) {
        const gone = once(node, 'exit');
        node.disconnect();
        await gone;
      }
    },
  };
}
