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
  readonly segments: readonly string[];
}

/** The channels of all loaded plugins. */
export class Channels {
  readonly #byPlugin = new Map<string, Map<string, Entry>>();

  /** Adds or replaces. */
  add(registration: Registration): void {
    const entries = this.#byPlugin.get(registration.plugin) ?? new Map<string, Entry>();
    this.#byPlugin.set(registration.plugin, entries);
    const { path } = registration.channel;
    const entry = entries.get(path);
    if (entry) entry.current = registration;
    else entries.set(path, { current: registration, segments: path.split('/') });
  }

  /** Forgets all channels of a plugin but those named. */
  remove(plugin: string, keep: ReadonlySet<string> = new Set()): void {
    const entries = this.#byPlugin.get(plugin);
    for (const path of entries?.keys() ?? []) if (!keep.has(path)) entries?.delete(path);
  }

  has(entry: Entry): boolean {
    return this.#byPlugin.get(entry.current.plugin)?.get(entry.current.channel.path) === entry;
  }

  /** `tip-jar/jars/42` → the channel `jars/:jarId` of `tip-jar`. Names that are spelled with needless escapes are none. */
  find(name: string): { entry: Entry; params: Record<string, string> } | undefined {
    const [plugin = '', ...parts] = name.split('/');
    for (const entry of this.#byPlugin.get(plugin)?.values() ?? []) {
      const params = match(entry.segments, parts);
      if (params) return { entry, params };
    }
    return undefined;
  }
}

function match(segments: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  if (segments.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, segment] of segments.entries()) {
    const part = parts[at] ?? '';
    if (!segment.startsWith(':')) {
      if (segment !== part) return undefined;
      continue;
    }
    const value = decoded(part);
    // One channel has one name, or two halves of its audience would not hear each other.
    if (!value || encodeURIComponent(value) !== part) return undefined;
    params[segment.slice(1)] = value;
  }
  return params;
}

function decoded(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** `('jars/:jarId', { jarId: '42' })` → `jars/42` */
export function channelPath(pattern: string, params: Readonly<Record<string, string>>): string {
  return pattern.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
}
