// S3 for real: Ceph's object gateway. First the contract of every driver, then uploads as pages make them.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { S3 } from '@aws-sdk/client-s3';
import { newId } from '@plinth/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobKey, type StorageDriver, stagingKey } from '../storage/driver.ts';
import { openS3Driver } from '../storage/s3-driver.ts';
import { systemPart } from '../testing/system-part.ts';
import { type Ceph, startCeph } from './ceph.ts';
import { driverContract } from './storage-driver-contract.ts';
import { aSite, type Site } from './storage-site.ts';

describe.skipIf(!systemPart('radosgw'))('objects in S3', () => {
  let ceph: Ceph;
  let driver: StorageDriver;
  let site: Site;
  async function bucket(Bucket: string, { accessKeyId, secretAccessKey }: Ceph['small']): Promise<void> {
    const credentials = { accessKeyId, secretAccessKey };
    const s3 = new S3({ endpoint: ceph.endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
    await s3.createBucket({ Bucket });
  }
  const options = () => ({ ...ceph, bucket: 'plinth', region: 'us-east-1' });
  beforeAll(async () => {
    ceph = await startCeph();
    await bucket('plinth', ceph);
    driver = await openS3Driver(options());
    site = await aSite({ driver: () => driver });
  });
  afterAll(async () => {
    await site?.close();
    await ceph?.stop();
  });

  driverContract(() => driver);

  test('a bucket or a key that is wrong is told at the start', async () => {
    await expect(openS3Driver({ ...options(), bucket: 'none' })).rejects.toThrow('"none" cannot be used: status 404');
    await expect(openS3Driver({ ...options(), secretAccessKey: 'wrong' })).rejects.toThrow('status 403');
  });

  test('a store that is full says so', async () => {
    await bucket('small', ceph.small);
    const small = await openS3Driver({ ...options(), ...ceph.small, bucket: 'small' });
    const key = stagingKey(newId(), newId());
    const wrong = small.append(key, 0, Readable.from([randomBytes(1_100_000)]));
    await expect(wrong).rejects.toMatchObject({ code: 'kernel.storage_full', status: 507 });
    expect(await small.stat(key)).toBeUndefined();
  });

  test('what a crash left of parts that are joined already does no harm to the whole', async () => {
    const bytes = randomBytes(17_000_000);
    const digest = createHash('sha256').update(bytes).digest('hex');
    const [from, to] = [stagingKey(newId(), newId()), blobKey(newId(), digest)];
    await driver.append(from, 0, Readable.from([bytes]));
    await driver.move(from, to);
    await driver.append(from, 0, Readable.from([bytes.subarray(0, 8_388_608)]));
    await driver.move(from, to);
    expect([(await driver.stat(to))?.bytes, await driver.stat(from)]).toEqual([bytes.length, undefined]);
  });

  test('an upload in pieces over several lives of the server becomes an object that can be read in parts', async () => {
    const ann = site.person();
    const bytes = randomBytes(21_000_000);
    const tus = { 'tus-resumable': '1.0.0' };
    const made = await site.ask('POST', '/api/kernel/storage/uploads', {
      as: ann,
      headers: { ...tus, 'upload-length': String(bytes.length) },
    });
    const url = made.headers.location ?? '';
    for (const [from, to] of [
      [0, 5_000_000],
      [5_000_000, 19_000_000],
      [19_000_000, bytes.length],
    ]) {
      await site.restart();
      const head = await site.ask('HEAD', url, { as: ann, headers: tus });
      expect(head.headers['upload-offset']).toBe(String(from));
      const answer = await site.ask('PATCH', url, {
        as: ann,
        body: bytes.subarray(from, to),
        headers: { ...tus, 'upload-offset': String(from), 'content-type': 'application/offset+octet-stream' },
      });
      expect(answer.status).toBe(204);
    }
    const object = `/api/kernel/storage/objects/${url.split('/').at(-1)}`;
    const whole = await site.ask('GET', object, { as: ann });
    expect(createHash('sha256').update(whole.body).digest('hex')).toBe(whole.headers.etag?.replaceAll('"', ''));
    expect(whole.body.equals(bytes)).toBe(true);
    const part = await site.ask('GET', object, { as: ann, headers: { range: 'bytes=8388600-8388620' } });
    expect(part.body.equals(bytes.subarray(8_388_600, 8_388_621))).toBe(true);
  });

  test('what nothing refers to any more goes, and nothing staged stays', async () => {
    const object = await site.put(site.bob, randomBytes(1000));
    await site.storage.delete(site.bob.facts.id, object.id);
    site.wait(3_700_000);
    await site.job('sweep', site.bob);
    const left: string[] = [];
    for (const tree of ['blobs', 'staging']) {
      for await (const { key } of driver.list(`${tree}/${site.bob.facts.id}`)) left.push(key);
    }
    expect(left).toEqual([]);
  });
});
