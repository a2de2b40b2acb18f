/** A signed-in person, by session or by API key. */
export interface Person {
  readonly kind: 'person';
  readonly accountId: string;
  /** The session or API key that speaks. */
  readonly credential: { readonly kind: 'session' | 'key'; readonly id: string };
  /** What an API key was limited to; a session has no such limit. */
  readonly scopes?: readonly string[];
  readonly permissions: ReadonlySet<string>;
  /** Runs the platform, not just a tenant. */
  readonly operator: boolean;
}

/** The kernel at work: an event's delivery, a job's run. `onBehalfOf` is the account that caused it, if one did. */
export interface SystemActor {
  readonly kind: 'system';
  readonly onBehalfOf?: string;
}

/** Who asks. */
export type Actor = { readonly kind: 'anonymous' } | SystemActor | Person;

/** The tenant whose rows, files, sockets and events this call can see. */
export interface TenantFacts {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly locale: string;
  /** IANA zone. */
  readonly zone: string;
}
