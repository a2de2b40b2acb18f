import type { Actor, Auth, Channel } from '@plinth/sdk';

/** What the plugin host says about one channel of a plugin. */
export interface Registration {
  readonly plugin: string;
  readonly channel: Channel;
  readonly auth: Auth;
  readonly enabled: (tenantId: string) => boolean;
  /** Refuses by throwing. */
  readonly join?: (visit: Visit) => Promise<void>;
  readonly receive?: (visit: Visit, message: unknown) => Promise<void>;
}

/** A page at a channel. The tenant is given by id: its settings may have changed since the page connected. */
export interface Visit {
  readonly tenantId: string;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly requestId: string;
  readonly signal: AbortSignal;
}

/** A place in the table. A new version of a plugin takes over its old version's, with everybody who is there. */
export interface Entry {
  current: Registration;
}

export interface Found {
  readonly entry: Entry;
  readonly params: Readonly<Record<string, string>>;
}

/** The channels of all loaded plugins. */
export class Channels {
  readonly #entries = new Map<string, Entry>();

  /** Adds or replaces. */
  add(registration: Registration): void {
    const entry = this.#entries.get(patternOf(registration));
    if (entry) entry.current = registration;
    else this.#entries.set(patternOf(registration), { current: registration });
  }

  /** Forgets all channels of a plugin but those named. */
  remove(plugin: string, keep: ReadonlySet<string> = new Set()): void {
    for (const [pattern, { current }] of this.#entries) {
      if (current.plugin === plugin && !keep.has(current.channel.path)) this.#entries.delete(pattern);
    }
  }

  has(entry: Entry): boolean {
    return this.#entries.get(patternOf(entry.current)) === entry;
  }

  /** `tip-jar/jars/42` → the channel `jars/:jarId` of `tip-jar`. Names that are spelled with needless escapes are none. */
  find(name: string): Found | undefined {
    for (const [pattern, entry] of this.#entries) {
      const params = name.startsWith(`${entry.current.plugin}/`) ? match(pattern, name) : undefined;
      if (params) return { entry, params };
    }
    return undefined;
  }
}

const patternOf = ({ plugin, channel }: Registration) => `${plugin}/${channel.path}`;

function match(pattern: string, name: string): Record<string, string> | undefined {
  const parts = name.split('/');
  const params: Record<string, string> = {};
  for (const [at, segment] of pattern.split('/').entries()) {
    if (segment.startsWith(':')) params[segment.slice(1)] = decoded(parts[at] ?? '');
  }
  if (Object.values(params).includes('')) return undefined;
  // One channel has one name, or two halves of its audience would not hear each other.
  return channelPath(pattern, params) === name ? params : undefined;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

/** `jars/:jarId` and `{ jarId: '42' }` make `jars/42`; a value can never become two segments. */
export function channelPath(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}
