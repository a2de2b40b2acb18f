import type { Contribution } from '@plinth/sdk';
import type { FastifyReply } from 'fastify';
import type { Database } from '../database/database.ts';
import { errors as kernel } from '../errors.ts';
import { html } from '../html.ts';
import { rawRoute } from '../room.ts';
import { type Language, languageOf } from './letter.ts';
import type { MailApi } from './mail.ts';
import { sendPage } from './page.ts';
import unsubscribeWords from './strings/unsubscribe.json' with { type: 'json' };

/**
 * The way out that every bulk message carries. Whoever has the message's id has the message. A GET shows a button and
 * changes nothing, because mail scanners follow links; mail programs POST by themselves (RFC 8058).
 */
export function unsubscribeRoutes({
  database,
  suppress,
}: {
  readonly database: Database;
  readonly suppress: MailApi['suppress'];
}): Contribution[] {
  const options = { auth: 'public', summary: 'Unsubscribe from mail that nobody asked for', perMinute: 30 } as const;
  return rawRoute(['GET', 'POST'], '/mail/unsubscribe/:id', options, async ({ tenant }, request, reply) => {
    const { id } = request.params as { id: string };
    const message = await database.tenant(tenant.id, async (_, client) => {
      const { rows } = await client.query<{ address: string; template: string; locale: string }>(
        'select address, template, locale from kernel.mail_message where id::text = $1 and bulk',
        [id],
      );
      if (rows[0] && request.method === 'POST') await suppress(client, tenant.id, rows[0].address, 'unsubscribed');
      return rows[0];
    });
    if (!message) throw kernel.not_found();
    const language = languageOf(unsubscribeWords, message.locale);
    return answer(reply, tenant.name, language, request.method === 'POST');
  });
}

function answer(reply: FastifyReply, site: string, language: Language, done: boolean): FastifyReply {
  const words = unsubscribeWords[language];
  const content = done
    ? html`<p>${words.done}</p>`
    : html`<p>${words.ask}</p><form method="post"><button>${words.label}</button></form>`;
  return sendPage(reply, {
    title: site,
    language,
    body: html`<div class="notice card"><h1>${site}</h1>${content}</div>`,
  });
}
