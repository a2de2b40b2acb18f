import type { Static, TSchema } from 'typebox';

/** Documents of one shape, kept per tenant. The storage of plugins that use no SQL. */
export interface Collection<S extends TSchema = TSchema, I extends string = string> {
  readonly kind: 'collection';
  readonly document: S;
  /** Top-level fields that may be filtered by. */
  readonly indexes: readonly I[];
}

/** @example collections: { jars: collection(Jar, { indexes: ['ownerId'] }) } */
export function collection<const S extends TSchema, const I extends Extract<keyof Static<S>, string> = never>(
  document: S,
  options: { readonly indexes?: readonly I[] } = {},
): Collection<S, I> {
  return { kind: 'collection', document, indexes: options.indexes ?? [] };
}

export interface Stored<D> {
  readonly id: string;
  /** Starts at 1 and grows by one with every write. */
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly value: D;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it back as `after` for the next page. Absent: this was the last. */
  readonly next?: string;
}

/** What `ctx.store.<name>` offers. */
export interface DocumentStore<D, I extends string> {
  get(id: string): Promise<Stored<D> | undefined>;
  /** Creates or replaces. With `version`, only if the stored one still has it (0: only if there is none). */
  put(id: string, value: D, options?: { readonly version?: number }): Promise<Stored<D>>;
  remove(id: string): Promise<boolean>;
  /** By id, newest first. */
  list(query?: {
    readonly where?: { readonly [K in I]?: K extends keyof D ? D[K] : never };
    readonly after?: string;
    readonly limit?: number;
  }): Promise<Page<Stored<D>>>;
}
