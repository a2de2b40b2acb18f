import type { ErrorSpec } from '@plinth/sdk';
import { html } from '../../html.ts';
import type { ApiPart } from '../operations.ts';
import { filterBox, layout } from './layout.ts';

const TEXT = {
  title: 'Errors',
  lead: 'Whatever goes wrong is answered as problem+json (RFC 9457). Its code is stable; build on that, not on the sentence.',
  codes: 'codes',
};

/** Every code this site may answer with: where the `type` of a problem leads. */
export function errorCodesPage(site: string, parts: readonly ApiPart[], known: ReadonlyMap<string, ErrorSpec>): string {
  const codes = [...known].sort(([a], [b]) => (a < b ? -1 : 1));
  const groups = parts
    .map(({ id, title }) => ({ id, title, own: codes.filter(([code]) => code.startsWith(`${id}.`)) }))
    .filter(({ own }) => own.length > 0);
  const sections = groups.map(
    ({ id, title, own }) =>
      html`<section data-group aria-labelledby="of-${id}"><h2 id="of-${id}">${title}</h2><ul class="codes">${own.map(
        ([code, { status, title: sentence, fix }]) =>
          html`<li id="${code}" data-item="${`${code} ${status} ${sentence}`.toLowerCase()}"><code><a href="#${code}">${code}</a></code><span class="status">${status}</span><p>${sentence}${fix ? html` <span class="soft">${fix}</span>` : undefined}</p></li>`,
      )}</ul></section>`,
  );
  return layout({
    title: TEXT.title,
    site,
    here: '/docs/errors',
    body: html`<div class="docs narrow"><div class="content"><h1>${TEXT.title}</h1><p class="lead">${TEXT.lead}</p>${filterBox(groups.flatMap(({ own }) => own).length, TEXT.codes)}${sections}</div></div>`,
  });
}
