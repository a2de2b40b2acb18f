import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openDiskDriver } from '../storage/disk-driver.ts';
import { driverContract } from './storage-driver-contract.ts';

const dir = mkdtempSync(join(tmpdir(), 'plinth disk-'));
afterAll(() => rmSync(dir, { recursive: true }));

driverContract(() => openDiskDriver(dir));
