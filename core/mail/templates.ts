import type { Letter, MailTemplate } from '@plinth/sdk/services/mail.ts';
import { errors } from './errors.ts';
import { type Language, languageOf } from './letter.ts';
import en from './strings/en.json' with { type: 'json' };
import es from './strings/es.json' with { type: 'json' };
import fr from './strings/fr.json' with { type: 'json' };
import pt from './strings/pt.json' with { type: 'json' };

/** What a plugin that is switched on in a tenant filled the slot `mail.templates@1` with. */
export type TemplateOf = (tenantId: string, plugin: string, name: string) => Promise<MailTemplate | undefined>;

/** A template by `<owner>.<name>`: the kernel's own, or a plugin's. */
export async function templateOf(plugins: TemplateOf, tenantId: string, id: string): Promise<MailTemplate> {
  const dot = id.indexOf('.');
  const [owner, name] = [id.slice(0, dot), id.slice(dot + 1)];
  const template = owner === 'kernel' ? own(name) : await plugins(tenantId, owner, name);
  if (!template) throw errors.mail_no_template({ detail: id });
  return template;
}

/** The words in the reader's language, and which language that is. */
export function letterIn({ letters }: MailTemplate, locale: string): { letter: Letter; language: Language } {
  const language = languageOf(letters, locale);
  return { letter: letters[language] ?? letters.en, language };
}

function own(name: string): MailTemplate | undefined {
  if (!Object.hasOwn(en, name)) return undefined;
  const key = name as keyof typeof en;
  return { bulk: key === 'notice', letters: { en: en[key], es: es[key], pt: pt[key], fr: fr[key] } };
}
