// Somebody who calls a node over HTTP, and is told how it went also when the node is not there.
import { Agent, request } from 'node:http';
import { json } from 'node:stream/consumers';

export interface Reply {
  /** 0: nobody answered. */
  readonly status: number;
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
const NOBODY: Reply = { status: 0, type: '', body: {} };
/** A reply that takes longer is taken for a request that hangs. */
const PATIENCE_MS = 60_000;

/** @example await ask({ port, token }, 'POST /api/tip-jar/jars', { title: 'Strings' }) */
export function ask(
  { port, token }: { readonly port: number; readonly token?: string | undefined },
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const [method = '', path = ''] = route.split(' ');
  return new Promise((resolve, reject) => {
    const sent = request({
      ...{ port, host: '127.0.0.1', method, path, agent },
      headers: {
        host: 'site.localhost',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      timeout: PATIENCE_MS,
    });
    sent.on('timeout', () => reject(new Error(`${route} hangs`)));
    sent.on('error', () => resolve(NOBODY));
    sent.on('response', async (response) => {
      const type = response.headers['content-type'] ?? '';
      const told = type.includes('json') ? await json(response).catch(() => undefined) : response.resume() && {};
      resolve(told === undefined ? NOBODY : { status: response.statusCode ?? 0, type, body: told as Reply['body'] });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
