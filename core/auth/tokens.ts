// Bearer tokens. All are 256 random bits that the database knows only by their sha256.
import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

export const ACCESS_PREFIX = 'pla_';
export const KEY_PREFIX = 'plk_';
const REFRESH_PREFIX = 'plr_';

export function sha256(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function randomToken(prefix = ''): string {
  return prefix + randomBytes(32).toString('base64url');
}

export function sameBytes(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

/** A key of its own for each purpose, so that what leaks of one says nothing about another. */
export function keyFor(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `plinth auth ${purpose}`, 32));
}

export interface TokenPair {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export interface RefreshTokens {
  first(tenantId: string, sessionId: string): TokenPair;
  /** The one pair that follows a refresh token: whoever asks again in time is given the same. */
  after(tenantId: string, refreshToken: string): TokenPair;
  /** The session that a token says it belongs to. */
  sessionOf(refreshToken: string): string | undefined;
  /** Whether we made it: tells a spent token from an invented one without keeping every spent one. */
  isOurs(tenantId: string, refreshToken: string): boolean;
}

/**
 * A refresh token is the session's id, 256 bits and a tag. The bits of the next token are derived from the one before
 * under our key: a reply that was lost on the way, or two tabs that refresh at once, find the same successor.
 */
export function createRefreshTokens(secret: string): RefreshTokens {
  const key = keyFor(secret, 'refresh');
  const mac = (...parts: (string | Buffer)[]) => {
    const hmac = createHmac('sha256', key);
    for (const part of parts) hmac.update(part);
    return hmac.digest();
  };
  const tag = (tenantId: string, body: Buffer) => mac('tag', tenantId, body).subarray(0, 16);
  const seal = (tenantId: string, session: Buffer, bits: Buffer) => {
    const body = Buffer.concat([session, bits]);
    return REFRESH_PREFIX + Buffer.concat([body, tag(tenantId, body)]).toString('base64url');
  };
  return {
    first(tenantId, sessionId) {
      const session = Buffer.from(sessionId.replaceAll('-', ''), 'hex');
      return { accessToken: randomToken(ACCESS_PREFIX), refreshToken: seal(tenantId, session, randomBytes(32)) };
    },
    after(tenantId, refreshToken) {
      const session = bytesOf(refreshToken).subarray(0, 16);
      return {
        accessToken: ACCESS_PREFIX + mac('access', refreshToken).toString('base64url'),
        refreshToken: seal(tenantId, session, mac('refresh', refreshToken)),
      };
    },
    sessionOf(refreshToken) {
      const bytes = bytesOf(refreshToken);
      return bytes.length === 64 ? uuidOf(bytes.toString('hex', 0, 16)) : undefined;
    },
    isOurs(tenantId, refreshToken) {
      const bytes = bytesOf(refreshToken);
      return bytes.length === 64 && sameBytes(tag(tenantId, bytes.subarray(0, 48)), bytes.subarray(48));
    },
  };
}

function bytesOf(refreshToken: string): Buffer {
  return Buffer.from(
    refreshToken.startsWith(REFRESH_PREFIX) ? refreshToken.slice(REFRESH_PREFIX.length) : '',
    'base64url',
  );
}

/** `plk_<id>_<secret>`: the id finds the row, so that nobody has to search by secret. */
export function newApiKey(id: string): string {
  return randomToken(`${KEY_PREFIX}${id.replaceAll('-', '')}_`);
}

export function idOfApiKey(key: string): string | undefined {
  const hex = /^plk_([0-9a-f]{32})_[\w-]{43}$/.exec(key)?.[1];
  return hex === undefined ? undefined : uuidOf(hex);
}

function uuidOf(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
