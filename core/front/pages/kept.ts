import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { TenantState } from '../../tenancy/state.ts';

interface Kept {
  readonly madeOf: readonly unknown[];
  readonly content: string;
  readonly etag: string;
}

/**
 * Sends what is the same for everybody in a tenant: written once, and again when something it is made of is another.
 * Browsers ask every time and are told that theirs is still good.
 */
export function createKept() {
  const tenants = new WeakMap<TenantState, Map<string, Kept>>();

  function keptOf(tenant: TenantState, name: string, madeOf: readonly unknown[], make: () => string): Kept {
    const pages = tenants.get(tenant) ?? new Map<string, Kept>();
    tenants.set(tenant, pages);
    const known = pages.get(name);
    if (known?.madeOf.length === madeOf.length && known.madeOf.every((each, at) => each === madeOf[at])) return known;
    const content = make();
    const made = {
      madeOf,
      content,
      etag: `W/"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`,
    };
    pages.set(name, made);
    return made;
  }

  return (request: FastifyRequest, reply: FastifyReply, ...given: Parameters<typeof keptOf>): FastifyReply => {
    const { content, etag } = keptOf(...given);
    reply.header('cache-control', 'no-cache').header('etag', etag);
    return request.headers['if-none-match']?.includes(etag) ? reply.code(304).send() : reply.send(content);
  };
}
