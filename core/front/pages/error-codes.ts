import type { ErrorSpec } from '@plinth/sdk';
import { html } from '../../html.ts';
import { filterBox } from './filter-box.ts';
import { layout } from './layout.ts';

const TEXT = {
  title: 'Errors',
  lead: 'Whatever goes wrong is answered as problem+json (RFC 9457). Its code is stable; build on that, not on the sentence.',
  codes: 'codes',
};

/** Every code this site may answer with: where the `type` of a problem leads. */
export function errorCodesPage(site: string, codes: readonly (readonly [string, ErrorSpec])[]): string {
  const owners = Map.groupBy(codes, ([code]) => code.split('.')[0] ?? '');
  const sections = [...owners].map(
    ([owner, own]) =>
      html`<section data-group aria-labelledby="of-${owner}"><h2 id="of-${owner}">${owner}</h2><ul class="codes">${own.map(
        ([code, { status, title, fix }]) =>
          html`<li id="${code}" data-item="${`${code} ${status} ${title}`.toLowerCase()}"><code><a href="#${code}">${code}</a></code><span class="status">${status}</span><p>${title}${fix ? html` <span class="soft">${fix}</span>` : undefined}</p></li>`,
      )}</ul></section>`,
  );
  return layout({
    title: TEXT.title,
    site,
    here: '/docs/errors',
    body: html`<div class="docs narrow"><div class="content"><h1>${TEXT.title}</h1><p class="lead">${TEXT.lead}</p>${filterBox(codes.length, TEXT.codes)}${sections}</div></div>`,
  });
}
