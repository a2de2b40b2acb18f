// An authenticator in software: what a phone or a security key does when a page asks for a passkey, or shows codes.
import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

interface Held {
  readonly key: KeyObject;
  readonly rpID: string;
  readonly userHandle: string;
  counter: number;
}

const b64 = (bytes: Buffer) => bytes.toString('base64url');

/** The secret of a code generator, as it is shown to be typed in. */
export function fromBase32(text: string): Buffer {
  const bits = [...text].map((each) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'));
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((each) => Number.parseInt(each, 2)));
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

export class Authenticator {
  readonly held = new Map<string, Held>();
  /** Where the page is that asks. */
  origin = 'http://ada.localhost';
  /** Whether the person showed a finger or typed a code. */
  verifies = true;

  create(options: { challenge: string; rp: { id?: string }; user: { id: string } }, make: { challenge?: string } = {}) {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const id = randomBytes(16);
    const rpID = options.rp.id ?? '';
    this.held.set(b64(id), { key: privateKey, rpID, userHandle: options.user.id, counter: 0 });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    // COSE: kty EC2, alg ES256, crv P-256.
    const cose = Buffer.concat([
      Buffer.from([0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01]),
      ...[
        Buffer.from([0x21, 0x58, 0x20]),
        Buffer.from(x, 'base64url'),
        Buffer.from([0x22, 0x58, 0x20]),
        Buffer.from(y, 'base64url'),
      ],
    ]);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const data = Buffer.concat([this.#data(rpID, 0, 0x40), Buffer.alloc(16), length, id, cose]);
    const size = Buffer.alloc(2);
    size.writeUInt16BE(data.length);
    // CBOR: { fmt: 'none', attStmt: {}, authData: data }.
    const attestation = Buffer.concat([
      ...[Buffer.from([0xa3, 0x63]), Buffer.from('fmt'), Buffer.from([0x64]), Buffer.from('none')],
      ...[
        Buffer.from([0x67]),
        Buffer.from('attStmt'),
        Buffer.from([0xa0, 0x68]),
        Buffer.from('authData'),
        Buffer.from([0x59]),
        size,
        data,
      ],
    ]);
    return {
      id: b64(id),
      rawId: b64(id),
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: this.#client('webauthn.create', make.challenge ?? options.challenge),
        attestationObject: b64(attestation),
        transports: ['internal'],
      },
    };
  }

  get(options: { challenge: string }, id = [...this.held.keys()].at(-1) ?? '') {
    const held = this.held.get(id);
    if (!held) throw new Error('there is no such passkey on this device');
    held.counter += 1;
    const client = this.#client('webauthn.get', options.challenge);
    const data = this.#data(held.rpID, held.counter);
    const signed = Buffer.concat([data, sha256(Buffer.from(client, 'base64url'))]);
    return {
      id,
      rawId: id,
      type: 'public-key',
      clientExtensionResults: {},
      response: {
        clientDataJSON: client,
        authenticatorData: b64(data),
        signature: b64(sign('sha256', signed, held.key)),
        userHandle: held.userHandle,
      },
    };
  }

  /** Another device with the same key, as a thief would make it. */
  clone(): Authenticator {
    const copy = new Authenticator();
    for (const [id, held] of this.held)
      copy.held.set(id, { ...held, key: createPrivateKey(held.key.export({ type: 'pkcs8', format: 'pem' })) });
    return copy;
  }

  #data(rpID: string, counter: number, more = 0): Buffer {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(rpID), Buffer.from([0x01 | (this.verifies ? 0x04 : 0) | more]), count]);
  }

  #client(type: string, challenge: string): string {
    return b64(Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false })));
  }
}
