// Requests to addresses that a tenant has typed in: to the public internet only, over https, with small answers.
import { request } from 'node:https';
import { isIP } from 'node:net';
import type { CustomFetch } from 'openid-client';
import { publicLookup } from '../public-address.ts';

const PATIENCE_MS = 10_000;
const LARGEST_ANSWER = 1024 * 1024;

/** A `fetch` without redirects. */
export const outboundFetch: CustomFetch = (url, { method, headers, body }) =>
  new Promise((resolve, reject) => {
    const { hostname } = new URL(url);
    if (isIP(hostname.replace(/[[\]]/g, ''))) throw new Error('an address is no name of a provider');
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const call = request(url, { method, headers, lookup: publicLookup, signal }, (answer) => {
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
