// An OpenID Connect provider on this machine that believes whoever asks.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ForeignProvider {
  readonly issuer: string;
  readonly clientId: string;
  /** Somebody follows the address, signs in there, and is sent back: what then stands behind the "?". */
  consent(url: string, person: { readonly sub: string; readonly email: string }): string;
  close(): Promise<void>;
}

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const json = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

function signed(claims: Readonly<Record<string, unknown>>): string {
  const unsigned = `${json({ alg: 'RS256', kid: 'one' })}.${json(claims)}`;
  return `${unsigned}.${sign('sha256', Buffer.from(unsigned), privateKey).toString('base64url')}`;
}

export async function openForeignProvider(): Promise<ForeignProvider> {
  const granted = new Map<string, Readonly<Record<string, unknown>>>();
  const server = createServer(async (request, response) => {
    if (request.url === '/jwks')
      return answer(response, {
        keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256', use: 'sig' }],
      });
    if (request.url !== '/token') return answer(response, metadata);
    const claims = granted.get(new URLSearchParams(await text(request)).get('code') ?? '');
    answer(response, { access_token: 'unused', token_type: 'Bearer', id_token: signed(claims ?? {}) });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clientId = 'plinth';
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
  };
  return {
    issuer,
    clientId,
    consent(url, person) {
      const asked = new URL(url).searchParams;
      const code = randomBytes(16).toString('base64url');
      const now = Math.floor(Date.now() / 1000);
      const nonce = asked.get('nonce');
      granted.set(code, {
        iss: issuer,
        aud: clientId,
        iat: now,
        exp: now + 300,
        nonce,
        email_verified: true,
        ...person,
      });
      return new URLSearchParams({ code, state: asked.get('state') ?? '' }).toString();
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(response: ServerResponse, body: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
}
