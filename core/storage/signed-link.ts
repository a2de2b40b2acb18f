import { createHmac } from 'node:crypto';
import { keyFor, sameBytes } from '../auth/tokens.ts';

export type Disposition = 'inline' | 'attachment';

/** What a link vouches for. Whoever has the link may read this object, in this tenant, until then. */
export interface Grant {
  readonly tenantId: string;
  readonly objectId: string;
  /** Seconds since 1970. */
  readonly until: number;
  readonly disposition: Disposition;
}

export type LinkSigner = ReturnType<typeof createLinkSigner>;

/** Links of one kind open nothing of another. */
export function createLinkSigner(secret: string, kind = 'storage links') {
  const key = keyFor(secret, kind);
  const mac = ({ tenantId, objectId, until, disposition }: Grant) =>
    createHmac('sha256', key).update(`1\n${tenantId}\n${objectId}\n${until}\n${disposition}`).digest();
  return {
    sign: (grant: Grant) => mac(grant).toString('base64url'),
    holds: (grant: Grant, signature: string, now: Date) =>
      sameBytes(Buffer.from(signature, 'base64url'), mac(grant)) && grant.until * 1000 > now.getTime(),
  };
}

/**
 * When a link of at most `seconds` ends. Steps of half of that: everyone who asks within a step gets the same URL, so
 * a CDN and a browser can keep what is behind it.
 */
export function linkEnd(now: Date, seconds: number): number {
  const step = Math.max(1, Math.floor(seconds / 2));
  return Math.floor(now.getTime() / 1000 / step) * step + seconds;
}
