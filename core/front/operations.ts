import type { RouteContribution } from '@plinth/sdk';
import type { RawRoute } from '../room.ts';

/** Routes that belong together: a plugin's, or the kernel's. */
export interface ApiPart {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly version?: string;
  /** `/api/tip-jar` */
  readonly prefix: string;
  readonly routes: readonly (RouteContribution | RawRoute)[];
}

/** A route as the OpenAPI document and the reference page speak of it: both are written from this one list. */
export interface Operation {
  /** Unique in a tenant, and an identifier in every language: `tipJarGetJarsByJarId`. */
  readonly id: string;
  readonly part: ApiPart;
  readonly method: string;
  /** `/api/tip-jar/jars/{jarId}` */
  readonly path: string;
  readonly params: readonly string[];
  readonly options: RouteContribution['options'];
  /** Bytes in or out: it has no schemas. */
  readonly raw: boolean;
}

export function operationsOf(parts: readonly ApiPart[]): Operation[] {
  const taken = new Map<string, number>();
  return parts.flatMap((part) =>
    part.routes.map((route): Operation => {
      const own = route.path.replace(/:([A-Za-z0-9_]+)/g, '{$1}').replace(/\*$/, '{rest}');
      const name = identifier(part.id, route.method, own);
      const count = (taken.get(name) ?? 0) + 1;
      taken.set(name, count);
      return {
        id: count === 1 ? name : `${name}_${count}`,
        part,
        method: route.method,
        path: part.prefix + own,
        params: [...own.matchAll(/\{(\w+)\}/g)].map(([, param = '']) => param),
        options: route.options,
        raw: 'raw' in route,
      };
    }),
  );
}

/** What a good answer's status is, when the route does not say. */
export function goodStatus({ options: { status, reply } }: Pick<Operation, 'options'>): number {
  return status ?? (reply ? 200 : 204);
}

function identifier(id: string, method: string, path: string): string {
  const words = `${id} ${method.toLowerCase()} ${path.replaceAll('{', 'by-')}`.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return words.map((word, at) => (at === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}
