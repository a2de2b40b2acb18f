// Requests to addresses that a tenant has typed in: to the public internet only, over https, with small answers.
import { lookup } from 'node:dns';
import { request } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import type { CustomFetch } from 'openid-client';

const PATIENCE_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;

const inside = new BlockList();
for (const [network, bits] of [
  ...[['0.0.0.0', 8] as const, ['10.0.0.0', 8] as const, ['100.64.0.0', 10] as const, ['127.0.0.0', 8] as const],
  ...[
    ['169.254.0.0', 16] as const,
    ['172.16.0.0', 12] as const,
    ['192.0.0.0', 24] as const,
    ['192.168.0.0', 16] as const,
  ],
  ...[['198.18.0.0', 15] as const, ['224.0.0.0', 3] as const],
] as const) {
  inside.addSubnet(network, bits);
}
for (const [network, bits] of [
  ['::', 127],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  inside.addSubnet(network, bits, 'ipv6');
}

export function isInside(address: string): boolean {
  return inside.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Checks the very address that is connected to: a name that answers differently the second time gains nothing. */
const outsideOnly: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const bad =
      error ?? (addresses.some(({ address }) => isInside(address)) ? new Error(`${hostname} is not public`) : null);
    if (bad || options.all) return done(bad, addresses);
    done(null, addresses[0]?.address ?? '', addresses[0]?.family);
  });
};

/** A `fetch` without redirects. */
export const outboundFetch: CustomFetch = (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const { hostname } = new URL(url);
    if (isIP(hostname.replace(/[[\]]/g, ''))) throw new Error('an address is no name of a provider');
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const call = request(url, { method, headers, lookup: outsideOnly, signal }, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size > LARGEST_ANSWER) call.destroy(new Error('the answer is too large'));
      });
      answer.on('error', reject);
      answer.on('end', () => {
        const given = Object.entries(answer.headers).map(([name, value]) => [name, String(value)] as [string, string]);
        resolve(new Response(Buffer.concat(chunks), { status: answer.statusCode ?? 502, headers: given }));
      });
    });
    call.on('error', reject);
    call.end(body instanceof URLSearchParams ? body.toString() : (body as string | undefined));
  });
