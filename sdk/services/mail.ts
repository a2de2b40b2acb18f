import { type Static, Type } from 'typebox';
import { service } from '../define/service.ts';
import { slot } from '../define/slot.ts';

/**
 * The words of one message in one language. `{name}` stands for a value of the message's data; a paragraph whose value
 * is missing is left out. Always there: `{siteName}` and `{displayName}`. Instants (ISO strings) are written in the
 * reader's language and the site's zone. `data.link` becomes the button, `data.code` is shown large.
 */
export const Letter = Type.Object({
  subject: Type.String({ maxLength: 200 }),
  body: Type.Array(Type.String({ maxLength: 2000 }), { maxItems: 20 }),
  button: Type.Optional(Type.String({ maxLength: 60 })),
  after: Type.Optional(Type.Array(Type.String({ maxLength: 2000 }), { maxItems: 20 })),
});
export type Letter = Static<typeof Letter>;

export const MailTemplate = Type.Object({
  /** Not asked for by what the reader just did: they can unsubscribe from it, and it waits behind mail that was. */
  bulk: Type.Optional(Type.Boolean()),
  /** By language: `en` is required, a missing language falls back to it. */
  letters: Type.Object({ en: Letter, es: Type.Optional(Letter), pt: Type.Optional(Letter), fr: Type.Optional(Letter) }),
});
export type MailTemplate = Static<typeof MailTemplate>;

/** @example plugin.fill(MailTemplates, 'thanks', { letters: { en: { subject: 'Thank you', body: ['Hello {displayName},'] } } }) */
export const MailTemplates = slot('mail.templates@1', MailTemplate);

/** Mail to people who have an account. The address stays with the kernel: a plugin names the account. */
export const Mail = service('mail@1', {
  send: {
    capability: 'mail:send',
    input: Type.Object({
      accountId: Type.String({ format: 'uuid' }),
      /** One of the plugin's own templates, by the id it was filled with. */
      template: Type.String({ maxLength: 80 }),
      /** `link` is a path on the tenant's own site. */
      data: Type.Record(Type.String(), Type.Union([Type.String({ maxLength: 2000 }), Type.Number()])),
      /** A second call with the same key sends nothing: give it the event's id in a consumer. */
      key: Type.Optional(Type.String({ maxLength: 120 })),
    }),
    output: Type.Object({ queued: Type.Boolean() }),
  },
});
