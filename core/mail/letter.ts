import type { Letter } from '@plinth/sdk/services/mail.ts';
import { type Html, html } from '../html.ts';
import { errors } from './errors.ts';

/** Who a tenant's mail comes from. */
export interface Brand {
  readonly siteName: string;
  /** The site's address, without a trailing slash. */
  readonly url: string;
  /** IANA zone for the instants in its mail; UTC when absent. */
  readonly zone?: string;
  /** `#rrggbb`, for the button. */
  readonly accent?: string;
  readonly replyTo?: string;
}

export type MailData = Readonly<Record<string, string | number>>;

export interface Written {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** Turns words, values and a brand into a message: one source for its plain and its HTML side. */
export function writeLetter(
  letter: Letter,
  given: MailData,
  { brand, language, unsubscribe }: { brand: Brand; language: string; unsubscribe?: { url: string; label: string } },
): Written {
  const data = readable({ ...given, siteName: brand.siteName }, language, brand.zone ?? 'UTC');
  const fill = (texts: readonly string[]) =>
    texts.map((text) => filled(text, data)).filter((text) => text !== undefined);
  const subject = (filled(letter.subject, data) ?? (data.siteName || new URL(brand.url).host)).slice(0, 200);
  const body = fill(letter.body);
  const after = fill(letter.after ?? []);
  const link = given.link === undefined ? undefined : webAddress(String(given.link), brand.url);
  const label = filled(letter.button ?? '{siteName}', data) ?? brand.siteName;
  const { code } = data;
  const text = [
    ...body,
    code,
    link && `${label}:\n${link}`,
    ...after,
    `${brand.siteName}\n${brand.url}`,
    unsubscribe && `${unsubscribe.label}: ${unsubscribe.url}`,
  ];
  return {
    subject,
    text: `${text.filter((part) => part !== undefined).join('\n\n')}\n`,
    html: page(language, subject, brand, [
      body.map(paragraph),
      code === undefined
        ? undefined
        : html`<p style="font:600 28px/1.2 ui-monospace,Menlo,monospace;letter-spacing:.2em">${code}</p>`,
      link === undefined ? undefined : button(label, link, brand.accent),
      after.map((text) => html`<p class="soft" style="margin:0 0 8px;color:#5b6472;font-size:14px">${text}</p>`),
      unsubscribe &&
        html`<p style="font-size:12px"><a class="soft" style="color:#5b6472" href="${unsubscribe.url}">${unsubscribe.label}</a></p>`,
    ]),
  };
}

/** As JSON that PostgreSQL takes: it knows no NUL and no half of a character. */
export function storable(data: MailData): string {
  return JSON.stringify(data, (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed().replaceAll('\0', '') : value,
  );
}

/** Line breaks end a header, and marks that turn the direction of text can make one address look like another. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?Z$/;
/** What strangers wrote must be no advertisement: it would reach whomever they name. */
const ADVERTISEMENT = /:\/\/|www\.|[\p{L}\d]\.\p{L}{2,}|@/iu;

function readable(given: MailData, language: string, zone: string): Record<string, string> {
  const data: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const text = typeof value === 'number' ? value.toLocaleString(language) : value;
    data[name] = INSTANT.test(text) ? instant(text, language, zone) : text.replace(UNSEEN, ' ').trim();
  }
  for (const name of ['displayName', 'device']) if (ADVERTISEMENT.test(data[name] ?? '')) delete data[name];
  return data;
}

function instant(iso: string, language: string, timeZone: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeStyle: 'long', timeZone }).format(new Date(iso));
}

function filled(text: string, data: Readonly<Record<string, string>>): string | undefined {
  let whole = true;
  const result = text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(data, name) ? data[name] : undefined;
    if (!value) whole = false;
    return value ?? '';
  });
  return whole ? result : undefined;
}

function webAddress(link: string, site: string): string {
  const url = new URL(link, site);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new TypeError('A link in mail leads to a web page.');
  return url.href;
}

/** A plugin may not use the site's good name to lead people elsewhere. */
export function checkOwnPath(link: string): void {
  const base = 'http://site.invalid';
  if (!link.startsWith('/') || new URL(link, base).origin !== base) throw errors.mail_foreign_link();
}

export type Language = 'en' | 'es' | 'pt' | 'fr';
type Words = { readonly en: string } & { readonly [language in 'es' | 'pt' | 'fr']?: string | undefined };

/** One line in the reader's language, with its values. */
export function fillWords(words: Words, data: MailData, locale: string): string {
  const language = languageOf(words, locale);
  const values = readable(data, language, 'UTC');
  return (words[language] ?? words.en).replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** Of the languages that something is written in, the reader's: `pt-BR` reads `pt`, an unknown one `en`. */
export function languageOf(written: object, locale: string): Language {
  const language = locale.slice(0, 2).toLowerCase();
  return Object.hasOwn(written, language) ? (language as Language) : 'en';
}

const paragraph = (text: string) => html`<p style="margin:0 0 16px">${text}</p>`;

function button(label: string, link: string, accent = '#3b4cca'): Html {
  const style = `display:inline-block;margin:8px 0 24px;padding:12px 20px;border-radius:8px;background:${accent};color:#fff;font-weight:600;text-decoration:none`;
  return html`<p><a style="${style}" href="${link}">${label}</a></p>`;
}

function page(
  language: string,
  subject: string,
  brand: Brand,
  content: readonly (Html | Html[] | undefined)[],
): string {
  return html`<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${subject}</title>
<style>@media (prefers-color-scheme:dark){body{background:#14161a!important}.card{background:#1f2228!important;color:#e8eaed!important}.soft{color:#a3acb8!important}}</style></head>
<body style="margin:0;padding:24px 12px;background:#f2f4f7">
<div class="card" style="max-width:520px;margin:0 auto;padding:28px;border-radius:12px;background:#fff;color:#1a1d21;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;overflow-wrap:anywhere">
<p style="margin:0 0 24px;font-weight:700">${brand.siteName}</p>
${content}
<p class="soft" style="margin:24px 0 0;color:#5b6472;font-size:13px"><a class="soft" style="color:#5b6472" href="${brand.url}">${brand.url}</a></p>
</div></body></html>
`.text;
}
