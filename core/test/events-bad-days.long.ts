// Under load, parts are killed and come back. No acknowledged event is lost, none has its effect twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aCluster, type Cluster, type NodeOptions } from './rooms/bad-day.ts';
import { build } from './rooms/house.ts';
import { aPostgres, type KillablePostgres } from './rooms/postgres.ts';
import { aNats, natsBinary, type Server } from './rooms/server.ts';

let postgres: KillablePostgres;
let nats: Server | undefined;
let cluster: Cluster;

beforeEach(async () => {
  postgres = await aPostgres();
  await build(postgres.connection);
});
afterEach(async () => {
  await cluster?.stop();
  await nats?.stop();
  nats = undefined;
  await postgres.stop();
});

async function start(more: Partial<NodeOptions> = {}) {
  cluster = await aCluster({ kind: 'events', connection: postgres.connection, ...more });
  await cluster.enough();
}

async function over() {
  await cluster.enough();
  await cluster.reckon();
  expect(cluster.acknowledged.size).toBeGreaterThanOrEqual(2_000);
}

test('PostgreSQL is killed and comes back, twice', async () => {
  await start();
  for (let times = 0; times < 2; times++) {
    await postgres.kill();
    await postgres.revive();
    await cluster.enough();
  }
  await over();
});

test('the node that leads is killed, another takes over', async () => {
  await start();
  await cluster.killLeader();
  await over();
});

describe.skipIf(!natsBinary)('over JetStream', () => {
  beforeEach(async () => {
    nats = await aNats();
    await start({ natsUrl: nats.url });
  });

  test('NATS is killed and comes back', async () => {
    await nats?.kill();
    await cluster.enough();
    await nats?.revive();
    await over();
  });

  test('PostgreSQL is killed and comes back', async () => {
    await postgres.kill();
    await postgres.revive();
    await over();
  });

  test('the node that leads is killed, another takes over', async () => {
    await cluster.killLeader();
    await over();
  });
});
