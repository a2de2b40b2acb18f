import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

const inside = new BlockList();
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inside.addSubnet(net, bits);
const outside6 = new BlockList();
outside6.addSubnet('2000::', 3, 'ipv6');
// Tunnels lead back to addresses of the other family.
for (const net of ['2002::', '2001::']) inside.addSubnet(net, net === '2002::' ? 16 : 32, 'ipv6');

/** Whether an address is on the open internet, rather than in our own network. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !inside.check(address);
  return family === 6 && outside6.check(address, 'ipv6') && !inside.check(address, 'ipv6');
}

/** Looks a name up and answers public addresses only, so that no stranger's address makes us call our own machines. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    const allowed = (addresses ?? []).filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (error || !first) return done(error ?? new Error(`${hostname} is not on the open internet.`), '', 4);
    if (options.all) return done(null, allowed);
    done(null, first.address, first.family);
  });
};
