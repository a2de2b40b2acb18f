import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Problem } from '@plinth/sdk';
import { html } from '../../html.ts';
import { API_HEADERS, PAGE_HEADERS } from '../headers.ts';
import { PROBLEM_TYPE } from '../problems.ts';
import { layout } from './layout.ts';

const TEXT = { home: 'To the home page', request: 'Request', code: 'Code' };

/** What somebody is told when there is no answer: a page for a browser, problem+json for every other client. */
export interface Refusal {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export function refusalOf(
  request: Pick<IncomingMessage, 'headers' | 'url'>,
  problem: Problem,
  requestId: string,
  site?: string,
): Refusal {
  const { retryAfter } = problem.extensions;
  const common = {
    ...{ 'x-request-id': requestId, 'cache-control': 'no-store', vary: 'Accept' },
    ...(typeof retryAfter === 'number' ? { 'retry-after': String(retryAfter) } : {}),
  };
  if (!wantsPage(request)) {
    const body = JSON.stringify({ ...problem.toJSON(), requestId });
    return { headers: { ...API_HEADERS, ...common, 'content-type': PROBLEM_TYPE }, body };
  }
  return {
    headers: { ...PAGE_HEADERS, ...common, 'content-type': 'text/html; charset=utf-8' },
    body: refusalPage(problem, requestId, site),
  };
}

/** The same on a bare response, where no Fastify instance is in charge yet. */
export function refuse(request: IncomingMessage, response: ServerResponse, problem: Problem, requestId: string): void {
  const { headers, body } = refusalOf(request, problem, requestId);
  response.writeHead(problem.status, { ...headers, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function wantsPage({ headers: { accept = '' }, url = '/' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  if (url.startsWith('/api/')) return false;
  const wish = (type: RegExp) =>
    Math.max(
      0,
      ...accept
        .split(',')
        .filter((each) => type.test(each))
        .map((each) => Number(/;\s*q=([\d.]+)/.exec(each)?.[1] ?? 1)),
    );
  return wish(/text\/html/) > wish(/json/);
}

function refusalPage({ status, title, detail, fix, code }: Problem, requestId: string, site?: string): string {
  return layout({
    title,
    site,
    body: html`<div class="notice card"><p class="status">${status}</p><h1>${title}</h1>${detail ? html`<p>${detail}</p>` : undefined}${fix ? html`<p>${fix}</p>` : undefined}
<dl><dt>${TEXT.code}</dt><dd>${site === undefined ? html`<code>${code}</code>` : html`<a href="/docs/errors#${code}"><code>${code}</code></a>`}</dd><dt>${TEXT.request}</dt><dd><code>${requestId}</code></dd></dl>
${site === undefined ? undefined : html`<p><a href="/">${TEXT.home}</a></p>`}</div>`,
  });
}
