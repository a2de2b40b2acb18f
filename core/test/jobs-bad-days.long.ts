// Under load, parts are killed and come back. No acknowledged run is lost, and no finished step is done twice.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aCluster, type Cluster, type NodeOptions } from './rooms/bad-day.ts';
import { build } from './rooms/house.ts';
import { aPostgres, type KillablePostgres } from './rooms/postgres.ts';
import { aRedis, redisBinary, type Server } from './rooms/server.ts';

let postgres: KillablePostgres;
let redis: Server | undefined;
let cluster: Cluster;

beforeEach(async () => {
  postgres = await aPostgres();
  await build(postgres.connection);
});
afterEach(async () => {
  await cluster?.stop();
  await redis?.stop();
  redis = undefined;
  await postgres.stop();
});

async function start(more: Partial<NodeOptions> = {}) {
  cluster = await aCluster({ kind: 'jobs', connection: postgres.connection, ...more });
  await cluster.enough();
}

async function over() {
  await cluster.enough();
  await cluster.reckon();
  expect(cluster.acknowledged.size).toBeGreaterThanOrEqual(2_000);
}

describe('on PostgreSQL', () => {
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
});

describe.skipIf(!redisBinary)('on Redis', () => {
  beforeEach(async () => {
    redis = await aRedis();
    await start({ redisUrl: redis.url });
  });

  test('Redis is killed and comes back', async () => {
    await redis?.kill();
    await cluster.enough();
    await redis?.revive();
    await over();
  });

  test('Redis comes back with nothing', async () => {
    await redis?.kill();
    redis?.forget();
    await cluster.enough();
    await redis?.revive();
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
