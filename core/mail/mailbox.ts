import type { Clock, Contribution } from '@plinth/sdk';
import type { Database } from '../database/database.ts';
import { errors as kernel } from '../errors.ts';
import { type Html, html } from '../html.ts';
import { rawRoute } from '../room.ts';
import type { Brand, Written } from './letter.ts';
import { sendPage } from './page.ts';
import type { Message, Postman } from './postman.ts';

interface Kept extends Message {
  readonly created_at: Date;
}

interface Deps {
  readonly database: Database;
  readonly clock: Clock;
  readonly postman: Postman;
  readonly brandOf: (tenantId: string) => Promise<Brand> | Brand;
}

/**
 * The development mailbox: mail that was kept instead of sent, as a page, or as JSON for tests
 * (`?to=ada@example.org`, newest first). Never there in production, nor once there is an SMTP server.
 */
export function mailboxRoutes({ database, postman, brandOf }: Deps): Contribution[] {
  const read = async (tenantId: string, where: { to?: string; id?: string }): Promise<Opened[]> => {
    const { rows } = await database.tenant(tenantId, (_, client) =>
      client.query<Kept>(
        `select * from kernel.mail_message where state = 'kept' and ($1::text is null or lower(address) = lower($1))
           and ($2::text is null or id::text = $2) order by created_at desc, id desc limit 100`,
        [where.to ?? null, where.id ?? null],
      ),
    );
    const brand = await brandOf(tenantId);
    return Promise.all(rows.map(async (row) => open(row, await postman.write(row, brand))));
  };
  const one = async (tenantId: string, params: unknown): Promise<Opened> => {
    const [mail] = await read(tenantId, { id: (params as { id: string }).id });
    if (!mail) throw kernel.not_found({ detail: 'No such message was kept.' });
    return mail;
  };
  const options = { auth: 'public', summary: 'The development mailbox' } as const;
  return [
    ...rawRoute(['GET'], '/mail/mailbox', options, async ({ tenant }, request, reply) => {
      await postman.settle();
      const { to } = request.query as { to?: string };
      const items = await read(tenant.id, to === undefined ? {} : { to });
      if (!request.headers.accept?.includes('text/html'))
        return reply.header('cache-control', 'no-store').send({ items });
      return sendPage(reply, { title: 'Mailbox', site: tenant.name, body: mailbox(items) });
    }),
    ...rawRoute(['GET'], '/mail/mailbox/:id', options, async ({ tenant }, request, reply) => {
      const mail = await one(tenant.id, request.params);
      const items = await read(tenant.id, {});
      return sendPage(reply, { title: mail.subject, site: tenant.name, body: mailbox(items, mail) });
    }),
    ...rawRoute(['GET'], '/mail/mailbox/:id/html', options, async ({ tenant }, request, reply) => {
      const mail = await one(tenant.id, request.params);
      // What a message contains is not trusted even here: an origin of its own, no script, no loads.
      const policy = `sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'`;
      return reply
        .header('content-security-policy', policy)
        .header('x-frame-options', 'SAMEORIGIN')
        .header('cache-control', 'no-store')
        .type('text/html; charset=utf-8')
        .send(mail.html.replace('<head>', '<head><base target="_blank">'));
    }),
  ];
}

interface Opened extends Written {
  readonly id: string;
  readonly to: string;
  readonly template: string;
  readonly createdAt: string;
}

function open({ id, address, template, created_at }: Kept, { subject, text, html }: Written): Opened {
  return { id, to: address, template, createdAt: created_at.toISOString(), subject, text, html };
}

function mailbox(items: readonly Opened[], mail?: Opened): Html {
  const rows = items.map(
    ({ id, to, subject, createdAt }) =>
      html`<li><a href="/api/kernel/mail/mailbox/${id}"${id === mail?.id ? html` aria-current="page"` : undefined}><b>${subject}</b><span class="soft">${to}</span><span class="soft">${time(createdAt)}</span></a></li>`,
  );
  const nothing =
    items.length === 0
      ? html`<p class="none">No mail yet. Sign up, and the message to confirm your address appears here.</p>`
      : html`<p class="none idle">Choose a message.</p>`;
  return html`<div class="docs mailbox"><div class="side">${mail ? html`<h2>Mailbox</h2>` : html`<h1>Mailbox</h1>`}<p class="soft">Mail that would be sent if SMTP_URL were set.</p>
${items.length === 0 ? undefined : html`<nav aria-label="Messages"><ul class="letters">${rows}</ul></nav>`}</div><div class="content">${mail ? letter(mail) : nothing}</div></div>`;
}

function letter({ id, to, template, subject, text, createdAt }: Opened): Html {
  return html`<article class="letter"><a class="back" href="/api/kernel/mail/mailbox">‹ All messages</a><h1>${subject}</h1>
<p class="soft">To ${to} · ${template} · ${time(createdAt)}</p>
<iframe src="/api/kernel/mail/mailbox/${id}/html" title="The message as HTML"></iframe><details><summary>As plain text</summary><pre>${text}</pre></details></article>`;
}

const time = (iso: string) => html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`;
