import { type Html, html } from '../../html.ts';

const TEXT = { label: 'Filter', all: (count: number, things: string) => `${count} ${things}` };

/** Hidden until the script is there that makes it work; the page is a plain list before. */
export function filterBox(count: number, things: string): Html {
  return html`<form class="filter" role="search" data-filter hidden><label>${TEXT.label}<input type="search" autocomplete="off" spellcheck="false"></label></form><p class="soft" role="status" data-count="${things}">${TEXT.all(count, things)}</p>`;
}
