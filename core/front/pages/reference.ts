import { type Html, html } from '../../html.ts';
import { notesOn } from '../openapi.ts';
import { type ApiPart, goodStatus, type Operation } from '../operations.ts';
import { exampleOf } from './example.ts';
import { filterBox, layout } from './layout.ts';
import { type Schema, schemaView } from './schema.ts';

const TEXT = {
  title: 'API reference',
  lead: 'Everything that is switched on here, and the kernel beneath it. Sign in on the home page, and what you try here is asked as you.',
  openapi: 'OpenAPI document',
  operations: 'Operations',
  params: 'In the path',
  query: 'In the query',
  body: 'Body',
  reply: 'Reply',
  noBody: 'No content.',
  bytes: 'Bytes or a page, as they are.',
  request: 'Request',
  answer: 'Example of a reply',
  copy: 'Copy',
  tryIt: 'Try it',
  send: 'Send',
  auth: { public: 'Open to all', user: 'Signed in', operator: 'Operators', permission: 'By permission' },
} as const;

/** The API of a tenant, for people. Readable without a script; with one it filters, copies and tries. */
export function referencePage(site: string, origin: string, operations: readonly Operation[]): string {
  const parts = [...new Set(operations.map(({ part }) => part))];
  const of = (part: ApiPart) => operations.filter((each) => each.part === part);
  const index = parts.map(
    (part) =>
      html`<div data-group><h3><a href="#of-${part.id}">${part.title}</a></h3><ul>${of(part).map(
        ({ id, method, path }) =>
          html`<li data-item="${words(part, method, path)}"><a href="#${id}">${badge(method)}<code>${breakable(path.slice(part.prefix.length))}</code></a></li>`,
      )}</ul></div>`,
  );
  const sections = parts.map(
    (part) =>
      html`<section data-group aria-labelledby="of-${part.id}"><h2 id="of-${part.id}">${part.title}</h2><p class="soft">${part.summary}</p>${of(part).map((each) => entry(each, origin))}</section>`,
  );
  return layout({
    title: TEXT.title,
    site,
    here: '/docs/api',
    body: html`<div class="docs"><div class="side">${filterBox(operations.length, TEXT.operations.toLowerCase())}<nav class="index" aria-label="${TEXT.operations}">${index}</nav></div>
<div class="content"><h1>${TEXT.title}</h1><p class="lead">${TEXT.lead} <a href="/api/openapi.json">${TEXT.openapi}</a></p>${sections}</div></div>`,
  });
}

const words = (part: ApiPart, ...rest: string[]) => [part.id, part.title, ...rest].join(' ').toLowerCase();
const badge = (method: string) => html`<span class="method ${method.toLowerCase()}">${method}</span>`;
/** Long paths break after a slash. */
const breakable = (path: string) => path.split('/').map((each, at) => (at === 0 ? html`${each}` : html`/<wbr>${each}`));

function entry(operation: Operation, origin: string): Html {
  const { id, part, method, path, params, options } = operation;
  const { auth, summary = '', body, query } = options;
  const who = TEXT.auth[typeof auth === 'object' ? 'permission' : auth];
  const notes = notesOn(options).map((note) => html`<li>${coded(note)}</li>`);
  const asked = params.map((name) => [name, { type: 'string' }] as const);
  return html`<details class="operation card" data-item="${words(part, method, path, summary, id)}"><summary><h3>${badge(method)}<code>${breakable(path)}</code></h3><span>${summary}</span><span class="tag">${who}</span></summary>
<div class="body" id="${id}"><div>${notes.length > 0 ? html`<ul class="notes">${notes}</ul>` : undefined}
${asked.length > 0 ? block(TEXT.params, { type: 'object', properties: Object.fromEntries(asked), required: params }) : undefined}
${query ? block(TEXT.query, query) : undefined}${body ? block(TEXT.body, body) : undefined}${answer(operation)}</div>
<div>${code(TEXT.request, curl(operation, origin))}${options.reply ? code(TEXT.answer, json(exampleOf(plain(options.reply)))) : undefined}${method === 'GET' ? tryForm(operation) : undefined}</div></div></details>`;
}

/** `like this` in a sentence is code. */
const coded = (text: string) => text.split('`').map((each, at) => (at % 2 ? html`<code>${each}</code>` : each));
const json = (value: unknown) => JSON.stringify(value, undefined, 2);
const plain = (schema: object) => JSON.parse(JSON.stringify(schema)) as Schema;
const block = (title: string, schema: object) => html`<h4>${title}</h4>${schemaView(plain(schema))}`;

function answer(operation: Operation): Html {
  const { options, raw } = operation;
  if (options.reply) return block(`${TEXT.reply} ${goodStatus(operation)}`, options.reply);
  return html`<h4>${TEXT.reply}${raw ? '' : ` ${goodStatus(operation)}`}</h4><p class="soft">${raw ? TEXT.bytes : TEXT.noBody}</p>`;
}

function code(title: string, text: string): Html {
  return html`<figure><figcaption>${title}</figcaption><button type="button" class="plain" data-copy hidden>${TEXT.copy}</button><pre><code>${text}</code></pre></figure>`;
}

/** For a shell: what is in single quotes stays as it is, only the token is put in. */
function curl({ method, path, options: { auth, body, query } }: Operation, origin: string): string {
  const needed = query ? Object.entries(exampleOf(plain(query), 'required') as Record<string, unknown>) : [];
  const search = new URLSearchParams(needed.map(([name, value]): [string, string] => [name, String(value)])).toString();
  const url = `${origin}${path.replace(/\{(\w+)\}/g, (_, name: string) => name.toUpperCase())}${search && `?${search}`}`;
  const lines = [
    `curl ${method === 'GET' ? '' : method === 'HEAD' ? '--head ' : `-X ${method} `}${quoted(url)}`,
    auth === 'public' ? '' : '-H "Authorization: Bearer $TOKEN"',
    body ? `-H 'Content-Type: application/json'` : '',
    body ? `-d ${quoted(json(exampleOf(plain(body), 'required')))}` : '',
  ];
  return lines.filter(Boolean).join(' \\\n  ');
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function tryForm({ path, params, options: { query } }: Operation): Html {
  const { properties = {}, required = [] } = query ? plain(query) : {};
  const fields = [
    ...params.map((name) => html`<label>${name}<input name="path:${name}" required></label>`),
    ...Object.keys(properties).map(
      (name) =>
        html`<label>${name}<input name="query:${name}"${required.includes(name) ? html` required` : undefined}></label>`,
    ),
  ];
  return html`<form class="try" data-try="${path}" hidden><h4>${TEXT.tryIt}</h4>${fields}<button>${TEXT.send}</button><p class="status" role="status"></p><pre hidden></pre></form>`;
}
