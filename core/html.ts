/** Markup that is safe to show: every value put into it was escaped, or is such markup itself. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | undefined | readonly Part[];

/** @example html`<p>${name}</p>` */
export function html(parts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(parts.map((part, at) => part + (at < values.length ? markup(values[at]) : '')).join(''));
}

function markup(value: Part): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string' || typeof value === 'number') {
    return String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
  }
  return value.map(markup).join('');
}
