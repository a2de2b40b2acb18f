import type { Plugin } from '@plinth/sdk';
import { knownErrors } from '@plinth/sdk';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { TenantState } from '../tenancy/state.ts';
import { arrivalOf } from './arrival.ts';
import { API_HEADERS, PAGE_HEADERS } from './headers.ts';
import { openApiDocument } from './openapi.ts';
import { type ApiPart, operationsOf } from './operations.ts';
import { errorCodesPage } from './pages/error-codes.ts';
import { homePage } from './pages/home.ts';
import { createKept } from './pages/kept.ts';
import { referencePage } from './pages/reference.ts';

export interface PagesDeps {
  readonly kernel: ApiPart;
  /** What is switched on in a tenant. */
  readonly pluginsOf: (tenant: TenantState) => readonly Plugin[];
  /** Whether people are known to reach sites by https, also when no trusted proxy says so. */
  readonly https: boolean;
}

/** The plain pages that stand until the shell is there, and the OpenAPI document: all of one tenant's, for everybody. */
export function addPages(app: FastifyInstance, { kernel, pluginsOf, https }: PagesDeps): void {
  const mailbox = kernel.routes.some(({ path }) => path === '/mail/mailbox');
  const sendKept = createKept();

  function add(path: string, type: 'html' | 'json', make: (site: Site) => string): void {
    const headers = type === 'html' ? PAGE_HEADERS : API_HEADERS;
    const mime = type === 'html' ? 'text/html; charset=utf-8' : 'application/json; charset=utf-8';
    app.get(path, async (request, reply) => {
      const { tenant, requestId, forwarded } = arrivalOf(request.raw);
      const plugins = pluginsOf(tenant);
      const origin = originOf(request, tenant, https || forwarded?.https === true);
      reply.headers(headers).header('x-request-id', requestId).type(mime);
      return sendKept(request, reply, tenant, path, [origin, ...plugins], () =>
        make({ tenant, origin, plugins: plugins.map(partOf) }),
      );
    });
  }

  add('/', 'html', ({ tenant, plugins }) => homePage(tenant.facts, plugins, mailbox));
  add('/docs/api', 'html', ({ tenant, origin, plugins }) =>
    referencePage(tenant.facts.name, origin, operationsOf([...plugins, kernel])),
  );
  add('/docs/errors', 'html', ({ tenant, plugins }) =>
    errorCodesPage(tenant.facts.name, [...plugins, kernel], knownErrors),
  );
  add('/api/openapi.json', 'json', ({ tenant, plugins }) =>
    JSON.stringify(openApiDocument(tenant.facts.name, operationsOf([...plugins, kernel]))),
  );
  app.get('/docs', async (_request, reply) => reply.headers(API_HEADERS).redirect('/docs/api'));
}

interface Site {
  readonly tenant: TenantState;
  /** `https://ada.example.org` */
  readonly origin: string;
  readonly plugins: readonly ApiPart[];
}

function partOf({ header: { id, title, summary, version }, contributions }: Plugin): ApiPart {
  const routes = contributions.filter((each) => each.kind === 'route');
  return { id, title, summary, version, prefix: `/api/${id}`, routes };
}

/** The host was found to be the tenant's; what a stranger wrote after its colon was not. */
function originOf({ host }: FastifyRequest, tenant: TenantState, https: boolean): string {
  const known = /^[a-z0-9.-]+(:\d{1,5})?$/i.test(host) ? host : (tenant.hosts[0] ?? '');
  return `${https ? 'https' : 'http'}://${known}`;
}
