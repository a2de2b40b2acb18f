// Which addresses a stranger may make us call.
import { expect, test } from 'vitest';
import { isPublicAddress, publicLookup } from '../public-address.ts';

test('our own networks, in whatever family or tunnel, are not the open internet', () => {
  const inside = ['10.0.0.1', '172.31.0.1', '192.168.1.1', '100.64.0.1', '169.254.169.254', '0.0.0.0', '127.0.0.1'];
  const inside6 = ['::1', '::ffff:127.0.0.1', 'fe80::1', 'fd00::1', '2002:7f00:1::', '2001::1', 'x'];
  expect([...inside, ...inside6].filter(isPublicAddress)).toEqual([]);
  expect(['9.9.9.9', '172.32.0.1', '2620:fe::fe'].map(isPublicAddress)).toEqual([true, true, true]);
});

test('a name that leads to this machine is not looked up', async () => {
  const { promise, resolve } = Promise.withResolvers<Error | null>();
  publicLookup('localhost', {}, resolve);
  expect((await promise)?.message).toBe('localhost is not on the open internet.');
});
