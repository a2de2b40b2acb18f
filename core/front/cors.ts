import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TenantState } from '../tenancy/state.ts';

/** A tenant's API may be called from its own hosts' pages and nowhere else. Credentials are tokens, never cookies. */
export function corsHeaders(
  request: IncomingMessage,
  tenant: TenantState,
): Readonly<Record<string, string>> | undefined {
  const { origin } = request.headers;
  if (origin === undefined || !isOriginOf(origin, tenant)) return { vary: 'Origin' };
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers':
      'x-request-id, retry-after, etag, location, content-range, accept-ranges, tus-resumable, upload-offset, upload-length, upload-expires',
  };
}

export function isOriginOf(origin: string, tenant: TenantState): boolean {
  if (!URL.canParse(origin)) return false;
  const { hostname } = new URL(origin);
  return tenant.hosts.includes(hostname) || tenant.origins.includes(hostname);
}

export function answerPreflight(response: ServerResponse, cors: Readonly<Record<string, string>> | undefined): void {
  const allowed = cors?.['access-control-allow-origin'] !== undefined;
  response.writeHead(
    204,
    allowed
      ? {
          'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, HEAD',
          'access-control-allow-headers':
            'authorization, content-type, idempotency-key, if-match, if-none-match, range, tus-resumable, upload-length, upload-metadata, upload-offset, x-request-id',
          'access-control-max-age': '600',
        }
      : {},
  );
  response.end();
}
