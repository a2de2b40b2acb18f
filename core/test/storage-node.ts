// The node that `storage-crash.long.ts` kills: it puts and deletes until then, and prints what it was told is stored.
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { Database } from '../database/database.ts';
import { databaseRoles } from '../database/roles.ts';
import { openDiskDriver } from '../storage/disk-driver.ts';
import { createStorage } from '../storage/storage.ts';

const { connection, dir, tenantId, seed } = JSON.parse(process.argv[2] ?? '{}');
const roles = databaseRoles(`plinth_${connection.database}`);
const storage = createStorage({
  database: new Database({ ...connection, user: roles.app }, roles),
  clock: { now: () => new Date() },
  driver: openDiskDriver(dir),
  secret: 'a secret',
});

async function storeForEver(lane: number): Promise<never> {
  for (let turn = 0; ; turn++) {
    // Some contents come back, from every node: their blobs are shared, lost and found again.
    const text = turn % 3 === 0 ? `shared ${turn % 60}` : `${seed} ${lane} ${turn} `.repeat(1 + (turn % 50) * 40);
    const facts = { plugin: 'feed', name: `${turn}` };
    const object = await storage.put(tenantId, Readable.from([Buffer.from(text)]), facts);
    if (turn % 4 === 3) await storage.delete(tenantId, object.id);
    else console.log(JSON.stringify({ objectId: object.id, sha256: createHash('sha256').update(text).digest('hex') }));
  }
}
await Promise.all([0, 1, 2, 3].map(storeForEver));
