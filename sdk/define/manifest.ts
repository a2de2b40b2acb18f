import type { Header } from './context.ts';
import type { Contribution } from './contribution.ts';
import type { Plugin } from './plugin.ts';

/**
 * What a plugin is and does, as JSON: its definition minus its functions. Known before any of its code runs in a
 * tenant, shown to whoever consents, and compared with the committed copy.
 */
export interface Manifest {
  readonly manifest: 1;
  readonly id: string;
  readonly version: string;
  readonly kernel: string;
  readonly title: string;
  readonly summary: string;
  readonly needs: readonly {
    readonly name: string;
    readonly kind: 'service' | 'optional' | 'point' | 'slot';
    readonly id: string;
  }[];
  readonly emits: readonly { readonly id: string; readonly payload: unknown }[];
  readonly capabilities: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  readonly roles: Readonly<Record<string, readonly string[]>>;
  readonly settings?: unknown;
  readonly sql: boolean;
  readonly collections: readonly {
    readonly name: string;
    readonly indexes: readonly string[];
    readonly document: unknown;
  }[];
  readonly jobs: readonly {
    readonly name: string;
    readonly attempts: number;
    readonly every?: string;
    readonly data: unknown;
  }[];
  readonly channels: readonly {
    readonly name: string;
    readonly path: string;
    readonly event: unknown;
    readonly message?: unknown;
  }[];
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly auth: unknown;
    readonly scope?: string;
    readonly body?: unknown;
    readonly query?: unknown;
    readonly reply?: unknown;
  }[];
  readonly consumes: readonly { readonly event: string; readonly id: string }[];
  readonly provides: readonly string[];
  readonly extends: readonly { readonly point: string; readonly id: string; readonly phase: number }[];
  readonly fills: readonly { readonly slot: string; readonly id: string; readonly entry: unknown }[];
}

/** @example console.log(JSON.stringify(manifestOf(tipJar), undefined, 2)); */
export function manifestOf({ header, contributions }: Plugin): Manifest {
  const of = <K extends Contribution['kind']>(kind: K) =>
    contributions.filter((each): each is Extract<Contribution, { kind: K }> => each.kind === kind);
  // Through JSON once: what cannot be said in JSON is not in a manifest.
  return JSON.parse(
    JSON.stringify({
      manifest: 1,
      ...identityOf(header),
      ...nounsOf(header),
      routes: of('route').map(({ method, path, options: { auth, scope, body, query, reply } }) => ({
        method,
        path,
        auth,
        scope,
        body,
        query,
        reply,
      })),
      consumes: of('consumer').map(({ event, id }) => ({ event: event.id, id })),
      provides: of('provide').map(({ service }) => service.id),
      extends: of('extend').map(({ point, id, phase }) => ({ point: point.id, id, phase })),
      fills: of('fill').map(({ slot, id, entry }) => ({ slot: slot.id, id, entry })),
    }),
  ) as Manifest;
}

function identityOf(header: Header) {
  const { id, version, kernel, title, summary, capabilities = [], permissions = {}, roles = {} } = header;
  return {
    id,
    version,
    kernel,
    title,
    summary,
    capabilities,
    permissions,
    roles,
    sql: header.migrations !== undefined,
  };
}

function nounsOf(header: Header) {
  return {
    settings: header.settings,
    needs: Object.entries(header.needs ?? {}).map(([name, need]) => ({
      name,
      kind: need.kind,
      id: need.kind === 'optional' ? need.service.id : need.id,
    })),
    emits: Object.values(header.emits ?? {}).map(({ id, payload }) => ({ id, payload })),
    jobs: Object.entries(header.jobs ?? {}).map(([name, { attempts, every, data }]) => ({
      name,
      attempts,
      every,
      data,
    })),
    channels: Object.entries(header.channels ?? {}).map(([name, { path, event, message }]) => ({
      name,
      path,
      event,
      message,
    })),
    collections: Object.entries(header.collections ?? {}).map(([name, { indexes, document }]) => ({
      name,
      indexes,
      document,
    })),
  };
}
