import type { Letter, MailTemplate } from '@plinth/sdk/services/mail.ts';
import { errors } from './errors.ts';
import en from './strings/en.json' with { type: 'json' };
import es from './strings/es.json' with { type: 'json' };
import fr from './strings/fr.json' with { type: 'json' };
import pt from './strings/pt.json' with { type: 'json' };

/** Every template this node knows, as `<owner>.<name>`: the kernel's own, and those of the plugins that are loaded. */
export class Templates {
  readonly #byId = new Map<string, MailTemplate>();

  constructor() {
    for (const name of Object.keys(en) as (keyof typeof en)[]) {
      const letters = { en: en[name], es: es[name], pt: pt[name], fr: fr[name] };
      this.register('kernel', name, name === 'notice' ? { bulk: true, letters } : { letters });
    }
  }

  register(owner: string, name: string, template: MailTemplate): void {
    this.#byId.set(`${owner}.${name}`, template);
  }

  unregister(owner: string): void {
    for (const id of this.#byId.keys()) if (id.startsWith(`${owner}.`)) this.#byId.delete(id);
  }

  get(id: string): MailTemplate {
    const template = this.#byId.get(id);
    if (!template) throw errors.mail_no_template({ detail: id });
    return template;
  }

  /** The words in the reader's language, and which language that is: `pt-BR` reads `pt`, an unknown one `en`. */
  letter(id: string, locale: string): { letter: Letter; language: string } {
    const { letters } = this.get(id);
    const language = locale.slice(0, 2).toLowerCase();
    const letter = Object.hasOwn(letters, language) ? letters[language as keyof typeof letters] : undefined;
    return letter ? { letter, language } : { letter: letters.en, language: 'en' };
  }
}
