/** Who needs whom, as plain data in and out: no plugin is touched here. */
export interface Node {
  readonly id: string;
  /** Service ids it provides. */
  readonly provides: readonly string[];
  /** Service ids it calls, whether it must have them or not. */
  readonly needs: readonly { readonly service: string; readonly optional: boolean }[];
}

export interface Order {
  /** Providers before those who need them. */
  readonly sorted: readonly string[];
  /** Plugins that cannot start, and why. */
  readonly refused: ReadonlyMap<string, string>;
}

/**
 * Sorts plugins so that every provider comes first. A plugin whose need nobody provides, or that stands in a circle of
 * needs, is refused with the reason, and so is whoever needs it; the rest start.
 */
export function orderPlugins(nodes: readonly Node[], offered: ReadonlySet<string>): Order {
  const refused = new Map<string, string>();
  const providers = new Map<string, string>();
  for (const node of nodes) {
    for (const service of node.provides) {
      const first = providers.get(service);
      if (first === undefined) providers.set(service, node.id);
      else refused.set(node.id, `${service} is already provided by ${first}`);
    }
  }
  const waiting = new Map(nodes.filter((node) => !refused.has(node.id)).map((node) => [node.id, node]));
  const sorted: string[] = [];
  for (let moved = true; moved; ) {
    moved = false;
    for (const node of waiting.values()) {
      const lacking = node.needs.find(({ service, optional }) => {
        if (offered.has(service)) return false;
        const provider = providers.get(service);
        if (provider === undefined || refused.has(provider)) return !optional;
        return waiting.has(provider);
      });
      if (lacking === undefined) sorted.push(node.id);
      else if (gone(lacking.service, offered, providers, refused)) {
        refused.set(node.id, `it needs ${lacking.service}, which nothing here provides`);
      } else continue;
      waiting.delete(node.id);
      moved = true;
    }
  }
  for (const id of waiting.keys())
    refused.set(id, `its needs go round in a circle: ${circle(id, waiting, providers).join(' → ')}`);
  return { sorted, refused };
}

function gone(
  service: string,
  offered: ReadonlySet<string>,
  providers: ReadonlyMap<string, string>,
  refused: ReadonlyMap<string, string>,
): boolean {
  const provider = providers.get(service);
  return !offered.has(service) && (provider === undefined || refused.has(provider));
}

function circle(start: string, waiting: ReadonlyMap<string, Node>, providers: ReadonlyMap<string, string>): string[] {
  const path = [start];
  for (;;) {
    const next = waiting
      .get(path.at(-1) ?? '')
      ?.needs.map(({ service }) => providers.get(service))
      .find((id) => id !== undefined && waiting.has(id));
    if (next === undefined) return path;
    if (path.includes(next)) return [...path.slice(path.indexOf(next)), next];
    path.push(next);
  }
}
