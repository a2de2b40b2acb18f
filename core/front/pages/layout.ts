import { type Html, html } from '../../html.ts';
import { assets } from './assets.ts';

const TEXT = {
  home: 'Home',
  reference: 'API reference',
  errors: 'Errors',
  signIn: 'Sign in',
  skip: 'Skip to content',
  filter: 'Filter',
};

export interface Page {
  readonly title: string;
  /** The tenant's name. Without one there is nowhere to go from the page. */
  readonly site?: string | undefined;
  readonly here?: string;
  readonly language?: string;
  readonly body: Html;
}

/** What all pages share. Everything they load comes from `/assets`; nothing is written into them but text. */
export function layout({ title, site, here, language = 'en', body }: Page): string {
  const link = (href: string, label: string) =>
    html`<a href="${href}"${href === here ? html` aria-current="page"` : undefined}>${label}</a>`;
  const bar = html`<header class="bar"><a class="site" href="/"><img src="${assets.mark.path}" alt="" width="24" height="24"><span>${site}</span></a>
<nav aria-label="Site">${link('/', TEXT.home)}${link('/docs/api', TEXT.reference)}${link('/docs/errors', TEXT.errors)}</nav>
<a class="who" href="/#account" data-who>${TEXT.signIn}</a></header>`;
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${site === undefined || site === title ? title : `${title} · ${site}`}</title>
<link rel="icon" href="${assets.mark.path}" type="image/svg+xml"><link rel="stylesheet" href="${assets.style.path}">
${site === undefined ? undefined : html`<script src="${assets.script.path}" type="module"></script>`}</head>
<body>${site === undefined ? undefined : html`<a class="skip" href="#content">${TEXT.skip}</a>${bar}`}
<main id="content" tabindex="-1">${body}</main></body></html>`.text;
}

/** Hidden until the script is there that makes it work; the page is a plain list before. */
export function filterBox(count: number, things: string): Html {
  return html`<form class="filter" role="search" data-filter hidden><label>${TEXT.filter}<input type="search" autocomplete="off" spellcheck="false"></label></form><p class="soft" role="status" data-count="${things}">${count} ${things}</p>`;
}
