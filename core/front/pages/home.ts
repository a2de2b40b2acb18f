import type { TenantFacts } from '@plinth/sdk';
import { type Html, html } from '../../html.ts';
import type { ApiPart } from '../operations.ts';
import { layout } from './layout.ts';

const TEXT = {
  what: 'What is switched on here shares one set of accounts, one ledger and one API.',
  plugins: 'Switched on here',
  none: 'Nothing is switched on yet. Whoever runs this site switches plugins on for it; the API of the kernel is there already.',
  reference: 'In the API reference',
  more: 'For builders',
  links: {
    '/docs/api': ['API reference', 'Every operation, with examples to copy and to try.'],
    '/api/openapi.json': ['OpenAPI document', 'The same for machines: generate a client from it.'],
    '/docs/errors': ['Errors', 'Every code, what it means and what to do.'],
    '/health/ready': ['Health', 'Whether this node can serve, and why not.'],
  },
  mailbox: ['Development mailbox', 'Mail that would be sent if this were not a development set-up.'],
  signIn: 'Sign in',
  email: 'E-mail',
  password: 'Password',
  code: 'Code of your second factor',
  noScript: 'Signing in on this page needs JavaScript. The API takes any client.',
  roles: 'Roles',
  noRoles: 'none',
  signOut: 'Sign out',
} as const;

/** The tenant's front door while no shell stands before it. */
export function homePage(tenant: TenantFacts, plugins: readonly ApiPart[], mailbox: boolean): string {
  const links = { ...TEXT.links, ...(mailbox ? { '/api/kernel/mail/mailbox': TEXT.mailbox } : {}) };
  const more = Object.entries(links).map(
    ([href, [label, about]]) => html`<li><a href="${href}">${label}</a><span class="soft">${about}</span></li>`,
  );
  return layout({
    title: tenant.name,
    site: tenant.name,
    here: '/',
    body: html`<div class="home"><div class="hero"><h1>${tenant.name}</h1><p class="lead">${TEXT.what}</p></div>
${account()}
<div class="rest"><section aria-labelledby="plugins"><h2 id="plugins">${TEXT.plugins}</h2>${plugins.length === 0 ? html`<p class="none">${TEXT.none}</p>` : html`<ul class="cards">${plugins.map(card)}</ul>`}</section>
<section aria-labelledby="more"><h2 id="more">${TEXT.more}</h2><ul class="links">${more}</ul></section></div></div>`,
  });
}

function card({ id, title, summary, version }: ApiPart): Html {
  return html`<li class="card"><h3>${title}</h3><p>${summary}</p><p class="foot"><span class="soft">${id} ${version}</span><a href="/docs/api#of-${id}" aria-label="${title}: ${TEXT.reference}">${TEXT.reference}</a></p></li>`;
}

/** Posts only by script: without one, a password must not end up in an address. */
function account(): Html {
  return html`<section class="card account" id="account" aria-labelledby="account-title"><h2 id="account-title" tabindex="-1">${TEXT.signIn}</h2>
<form method="post" action="/api/kernel/auth/sessions" data-sign-in><label>${TEXT.email}<input type="email" name="email" autocomplete="username" required></label>
<label>${TEXT.password}<input type="password" name="password" autocomplete="current-password" required></label>
<label data-code hidden>${TEXT.code}<input name="code" autocomplete="one-time-code"></label>
<button disabled>${TEXT.signIn}</button><noscript><p class="soft">${TEXT.noScript}</p></noscript></form>
<div data-me hidden><p class="soft" data-email></p><p>${TEXT.roles} <span data-roles data-none="${TEXT.noRoles}"></span></p><button type="button" class="plain" data-sign-out>${TEXT.signOut}</button></div>
<div role="alert" data-problem></div></section>`;
}
