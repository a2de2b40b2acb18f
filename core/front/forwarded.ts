// Who is at the other end when a proxy stands in between: told by headers, which anybody can write.
import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** What a trusted proxy says of the client. */
export interface Forwarded {
  readonly address: string;
  readonly https: boolean;
}

export type ForwardedOf = (request: IncomingMessage) => Forwarded | undefined;

/**
 * Reads `X-Forwarded-For` from the right: each entry was written by the one after it, so the first that is not a
 * trusted proxy's is the client, and everything to the left of it is hearsay. Nothing is there to be asked, and to be
 * paid for on every request, where no proxy is trusted.
 */
export function forwardedBy(proxies: readonly string[]): ForwardedOf | undefined {
  if (proxies.length === 0) return undefined;
  const trusted = new BlockList();
  for (const proxy of proxies) addTo(trusted, proxy);
  const trusts = (address: string) => isIP(address) !== 0 && trusted.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  return ({ socket, headers }) => {
    let address = socket.remoteAddress ?? '';
    if (!trusts(address)) return undefined;
    for (const entry of entriesOf(headers['x-forwarded-for']).reverse()) {
      const told = withoutPort(entry);
      // No address: whatever wrote that knows no more than we do.
      if (isIP(told) === 0) break;
      address = told;
      if (!trusts(address)) break;
    }
    return { address, https: entriesOf(headers['x-forwarded-proto']).at(-1)?.toLowerCase() === 'https' };
  };
}

/** Whether it is an address, or a range like `10.0.0.0/8`. A range of all addresses trusts everybody: it is none. */
export function isProxy(text: string): boolean {
  try {
    addTo(new BlockList(), text);
    return true;
  } catch {
    return false;
  }
}

function addTo(list: BlockList, proxy: string): void {
  const [, address = '', bits] = /^([^/]+)(?:\/([1-9]\d{0,2}))?$/.exec(proxy) ?? [];
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
}

const entriesOf = (header: string | string[] | undefined): string[] =>
  header === undefined
    ? []
    : String(header)
        .split(',')
        .map((entry) => entry.trim());

/** Some proxies write `192.0.2.7:51312` or `[2001:db8::7]:51312`: a new port is no new client. */
function withoutPort(entry: string): string {
  const [, v6, v4] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+):\d+)$/.exec(entry) ?? [];
  return v6 ?? v4 ?? entry;
}
