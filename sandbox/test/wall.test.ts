import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Entry, findWall, startOf, type Wall } from '../supervisor/wall.ts';

/** Code that has left its isolate, in a child started as children are, and what it finds. */
async function probe(wall: Wall): Promise<Record<string, unknown>> {
  const canary = join(tmpdir(), `plinth-${process.pid}-wall`);
  writeFileSync(canary, 'the secret of the host', { mode: 0o644 });
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { file, args, ...options } = startOf(wall, 3, 'test/wall-probe.ts' as Entry);
  const child = spawn(file, args, { ...options, cwd: '/', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    await once(child, 'message');
    child.send({ canary, port: (server.address() as AddressInfo).port });
    const [found] = await once(child, 'message');
    return found;
  } finally {
    child.kill('SIGKILL');
    server.close();
    rmSync(canary);
  }
}

test('the wall that stands here is the strong one, or says why it is not', () => {
  const wall = findWall();
  if (process.platform === 'linux' && process.env.CI) expect(wall).toEqual({ kind: 'bubblewrap', bounded: true });
  else expect(wall.kind === 'bubblewrap' || wall.because).toBeTruthy();
});

test.runIf(findWall().kind === 'bubblewrap')('behind bubblewrap there is no host', async () => {
  expect(await probe(findWall())).toEqual({
    environment: ['PWD'],
    canary: 'refused: ENOENT',
    passwords: 'refused: ENOENT',
    homes: false,
    executed: 'refused: ENOENT',
    written: 'refused: EROFS',
    compiled: expect.stringMatching(/refused: (EROFS|ENOENT)/),
    processes: 2,
    interfaces: ['lo'],
    user: 65_534,
    reached: false,
  });
});

test('behind the reduced wall there are no files, no programs and no environment', async () => {
  const found = await probe({ kind: 'reduced', bounded: findWall().bounded });
  expect(found).toMatchObject({
    environment: [],
    canary: 'refused: ERR_ACCESS_DENIED',
    passwords: 'refused: ERR_ACCESS_DENIED',
    executed: 'refused: ERR_ACCESS_DENIED',
    written: 'refused: ERR_ACCESS_DENIED',
  });
  expect(found.user).not.toBe(0);
});
