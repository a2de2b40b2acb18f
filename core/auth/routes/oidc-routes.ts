// Providers that people of a site may sign in through. Only owners choose them: a provider vouches for who somebody is.
import type { Contribution } from '@plinth/sdk';
import { type Static, Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { errors } from '../errors.ts';
import { finishOidc, startOidc } from '../oidc.ts';
import { askerOf, type Parts } from '../parts.ts';
import { confirmPerson } from '../sign-in.ts';
import { deskRoutes } from './desk-route.ts';
import { Confirmed } from './factor-routes.ts';
import { signInRoute } from './session-routes.ts';

const Provider = Type.Object({
  title: Type.String({ minLength: 1, maxLength: 80 }),
  issuer: Type.String({ format: 'uri', pattern: '^https?://', maxLength: 300 }),
  clientId: Type.String({ minLength: 1, maxLength: 300 }),
});
const Listed = Type.Object({ id: Type.String(), ...Provider.properties });
const owner = { permission: '*' } as const;

export function oidcRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'POST /auth/oidc/:provider',
      {
        ...{ auth: 'public', perMinute: 20, body: Confirmed },
        summary: 'Begin a sign-in through a provider; who is signed in connects it to their account',
        reply: Type.Object({ url: Type.String(), ticket: Type.String() }),
      },
      async (call, request) => {
        const asker = askerOf(call, request);
        if (call.actor.kind === 'person') await confirmPerson(parts, asker, request.body.password);
        return startOidc(parts, asker, request.params.provider);
      },
    ),
    signInRoute(
      parts,
      'POST /auth/sessions/oidc',
      'Sign in with what the provider sent the browser back with',
      {
        ticket: Type.String({ maxLength: 100 }),
        query: Type.String({ maxLength: 4000, description: 'What stands behind the "?".' }),
      },
      (asker, body) => finishOidc(parts, asker, body),
    ),
    ...providerRoutes(parts),
  ];
}

function providerRoutes(parts: Parts): Contribution[] {
  const route = deskRoutes(parts);
  return [
    route(
      'GET /auth/providers',
      { auth: 'public', summary: 'Where else one can sign in', reply: Type.Object({ items: Type.Array(Listed) }) },
      async (desk) => {
        const sql =
          'select id, title, issuer, client_id from kernel.identity_provider where tenant_id = $1 order by title';
        return { items: await desk.all<Static<typeof Listed>>(sql) };
      },
    ),
    route(
      'PUT /auth/providers/:provider',
      {
        ...{ auth: owner, summary: 'Add or change a provider; redirect to <site>/sign-in/oidc there' },
        body: Type.Object({ ...Provider.properties, clientSecret: Type.Optional(Type.String({ maxLength: 500 })) }),
      },
      async (desk, { params: { provider: id }, body: { title, issuer, clientId, clientSecret } }) => {
        if (!/^[a-z][a-z0-9-]{0,39}$/.test(id)) throw errors.bad_name();
        const sealed = clientSecret && parts.box.seal(`provider ${desk.tenantId} ${id}`, Buffer.from(clientSecret));
        await desk.run(
          `insert into kernel.identity_provider (tenant_id, id, title, issuer, client_id, sealed_secret)
           values ($1, $2, $3, $4, $5, $6)
           on conflict (tenant_id, id) do update set title = $3, issuer = $4, client_id = $5, sealed_secret = $6`,
          ...[id, title, issuer, clientId, sealed],
        );
        await desk.audit('auth.provider-changed', id, { issuer });
      },
    ),
    route(
      'DELETE /auth/providers/:provider',
      { auth: owner, summary: 'Remove a provider' },
      async (desk, { params: { provider } }) => {
        const sql = 'delete from kernel.identity_provider where tenant_id = $1 and id = $2';
        if ((await desk.run(sql, provider)) === 0) throw errors.provider_missing();
        await desk.audit('auth.provider-removed', provider);
      },
    ),
    route(
      'DELETE /auth/identities/:provider',
      { auth: 'user', summary: 'Disconnect a provider' },
      async (desk, { params: { provider } }) => {
        const sql = 'delete from kernel.identity where tenant_id = $1 and provider = $2 and account_id = $3';
        if ((await desk.run(sql, provider, desk.me)) === 0) throw errors.provider_missing();
        await desk.audit('auth.identity-disconnected', desk.me, { provider });
      },
    ),
  ];
}
