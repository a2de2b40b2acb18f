import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { keyFor } from './tokens.ts';

/** Keeps secrets that have to be read again, and derives values that need not be kept at all. */
export interface Box {
  /** `context` names what is sealed and whose it is: it opens in the same context only. */
  seal(context: string, secret: Buffer): Buffer;
  open(context: string, sealed: Buffer): Buffer;
  /** The same for the same words, and nobody else's guess. */
  derive(...words: string[]): Buffer;
}

/** AES-256-GCM: 12 bytes of nonce, 16 of tag, the rest is the secret. */
export function createBox(secret: string): Box {
  const sealing = keyFor(secret, 'seal');
  const deriving = keyFor(secret, 'derive');
  return {
    seal(context, plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealing, nonce).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(context, sealed) {
      const decipher = createDecipheriv('aes-256-gcm', sealing, sealed.subarray(0, 12)).setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(12, 28));
      return Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]);
    },
    derive: (...words) => createHmac('sha256', deriving).update(JSON.stringify(words)).digest(),
  };
}
