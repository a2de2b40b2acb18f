/** What a caller of the API is told, as RFC 9457 `application/problem+json`. */
export interface ProblemBody {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail?: string;
  readonly fix?: string;
  readonly [extension: string]: unknown;
}

/** One row of a package's error table. */
export interface ErrorSpec {
  readonly status: number;
  /** One sentence, the same for every occurrence. */
  readonly title: string;
  /** What the reader can do about it. */
  readonly fix?: string;
}

/** Facts of this occurrence. Anything beside `detail`, `fix` and `cause` travels as an extension member. */
export interface Occurrence {
  readonly detail?: string;
  /** A better way out than the table's. */
  readonly fix?: string;
  readonly cause?: unknown;
  readonly [extension: string]: unknown;
}

/** An error that is part of the interface: it has a stable code, a status, a sentence and a way out. */
export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  readonly title: string;
  readonly detail: string | undefined;
  readonly fix: string | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;

  constructor(code: string, spec: ErrorSpec, occurrence: Occurrence = {}) {
    const { detail, cause, fix = spec.fix, ...extensions } = occurrence;
    super(detail ? `${spec.title} ${detail}` : spec.title, cause === undefined ? undefined : { cause });
    this.name = 'Problem';
    this.code = code;
    this.status = spec.status;
    this.title = spec.title;
    this.detail = detail;
    this.fix = fix;
    this.extensions = extensions;
  }

  toJSON(): ProblemBody {
    return {
      ...this.extensions,
      type: `/docs/errors#${this.code}`,
      code: this.code,
      status: this.status,
      title: this.title,
      ...(this.detail === undefined ? {} : { detail: this.detail }),
      ...(this.fix === undefined ? {} : { fix: this.fix }),
    };
  }
}

export type Errors<T extends Record<string, ErrorSpec>> = {
  readonly [K in keyof T]: (occurrence?: Occurrence) => Problem;
};

const known = new Map<string, ErrorSpec>();

/** Every code that a loaded package defined: `/docs/errors` explains them. */
export const knownErrors: ReadonlyMap<string, ErrorSpec> = known;

/**
 * A package's error table. Codes are `<owner>.<name>` and never change once published.
 *
 * @example
 * const errors = defineErrors('tip-jar', { jar_missing: { status: 404, title: 'There is no such jar.' } });
 * throw errors.jar_missing({ detail: 'Jar 42 was removed.' });
 */
export function defineErrors<const T extends Record<string, ErrorSpec>>(owner: string, table: T): Errors<T> {
  const errors: Record<string, (occurrence?: Occurrence) => Problem> = {};
  for (const [name, spec] of Object.entries(table)) {
    known.set(`${owner}.${name}`, spec);
    errors[name] = (occurrence) => new Problem(`${owner}.${name}`, spec, occurrence);
  }
  return errors as Errors<T>;
}
