// Two sites behind a real front, for the tests of the auth room: `ada` and `bob`, a clock that is told, and their mail.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Call, Client, Methods, Service } from '@plinth/sdk';
import { Accounts } from '@plinth/sdk/services/accounts.ts';
import { Audit } from '@plinth/sdk/services/audit.ts';
import { type AuthApi, createAuth } from '../auth/auth.ts';
import { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { databaseRoles } from '../database/roles.ts';
import { arrive } from '../front/arrival.ts';
import { rateLimiters } from '../front/rate-limit.ts';
import { buildRouteApp } from '../front/route-app.ts';
import { CallContext } from '../plugins/call.ts';
import { kernelRoute, type Room } from '../room.ts';
import { checkOf } from '../schemas.ts';
import { RouteStats } from '../telemetry/route-stats.ts';
import { Tenancy } from '../tenancy/tenancy.ts';
import { createTemplate, testDatabase } from '../testing/database.ts';

export interface Letter {
  readonly tenantId: string;
  readonly to: string;
  readonly template: string;
  readonly locale: string;
  readonly data: Readonly<Record<string, string | number>>;
}

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on what came back, whatever it is.
  readonly body: any;
  readonly headers: Headers;
}

export const PASSWORD = 'a quiet harbour at dusk';
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const unit = (room: string) => ({
  id: `kernel/${room}`,
  schema: 'kernel',
  folder: new URL(`../${room}/migrations/`, import.meta.url),
});

export async function authSite() {
  const roles = (name: string) => databaseRoles(`plinth_${name}`);
  const template = await createTemplate('auth', (connection) =>
    migrate(connection, roles(connection.database), [unit('tenancy'), unit('events'), unit('auth')]),
  );
  const place = await testDatabase(template);
  // Grants came with the template, so the roles keep the name they were made under.
  const database = new Database(
    { ...place.connection, user: roles(`${template}_half`).app },
    roles(`${template}_half`),
  );
  const tenancy = new Tenancy({ database, platformHost: 'localhost' });
  const ada = await tenancy.create({ slug: 'ada', name: 'Ada TV', platform: true });
  const bob = await tenancy.create({ slug: 'bob', name: 'Bob TV' });

  let time = Date.parse('2030-01-01T12:00:00Z');
  const clock = { now: () => new Date(time) };
  const letters: Letter[] = [];
  const forgotten: string[] = [];
  const node = () =>
    createAuth({
      database,
      clock,
      log: silent,
      secret: 'the secret of the tests',
      mail: {
        enqueue: async (_client, letter) => void letters.push(letter),
        forget: async (_client, _tenantId, address) => void forgotten.push(address),
      },
      publicUrlOf: async (tenantId) => `http://${tenantId === ada.facts.id ? 'ada' : 'bob'}.localhost`,
    });
  const auth = node();
  const callOf = (): Call =>
    new CallContext({
      tenant: ada,
      actor: { kind: 'system' },
      requestId: 'test',
      clock,
      log: silent,
      caller: 'tip-jar',
    });
  const door = await serve(auth, tenancy, clock);

  return {
    auth,
    /** Another process on the same database. */
    anotherNode: node,
    database,
    letters,
    forgotten,
    ownerConnection: place.connection,
    ada: ada.facts.id,
    bob: bob.facts.id,
    call: door.call,
    pass: (milliseconds: number) => {
      time += milliseconds;
    },
    now: () => new Date(time),
    /** An account that may sign in at once. */
    account: (tenantId: string, email: string, more: Partial<Parameters<AuthApi['createAccount']>[1]> = {}) =>
      auth.createAccount(tenantId, {
        email,
        password: PASSWORD,
        displayName: email.split('@')[0] ?? '',
        verified: true,
        ...more,
      }),
    /** What the last letter to an address links to, after the `#`. */
    linkTo: (email: string) => {
      const letter = letters.findLast(({ to, data }) => to === email && String(data.link).includes('#'));
      return String(letter?.data.link).split('#')[1] ?? 'no letter came';
    },
    /** As the plugin `tip-jar` of ada sees them. */
    accounts: offered(auth, Accounts, callOf),
    audit: offered(auth, Audit, callOf),
    /** What the log says about a subject, newest first. */
    auditOf: async (where: 'ada' | 'bob', subject: string) => {
      const { rows } = await database.tenant(where === 'ada' ? ada.facts.id : bob.facts.id, (_tx, client) =>
        client.query<{
          action: string;
          actor_kind: string;
          actor_id: string | null;
          detail: Record<string, unknown>;
          network: string;
        }>('select * from kernel.audit where subject = $1 order by at desc, id desc', [subject]),
      );
      return rows;
    },
    sweep: async (where: 'ada' | 'bob') => {
      const tenant = where === 'ada' ? ada : bob;
      const job = auth.contributions?.find((each) => each.kind === 'job');
      await job?.handler(
        new CallContext({ tenant, actor: { kind: 'system' }, requestId: 'test', clock, log: silent }),
        {},
      );
    },
    close: async () => {
      await door.close();
      await database.close();
      await place.drop();
    },
  };
}

export type AuthSite = Awaited<ReturnType<typeof authSite>>;

/** A service of the room, held against its schemas as the plugin host does. */
function offered<M extends Methods>(auth: Room, service: Service<M>, callOf: () => Call): Client<M> {
  const handlers = auth.provides?.find((each) => each.service.id === service.id)?.handlers ?? {};
  const methods = Object.entries(handlers).map(([name, handler]) => [
    name,
    async (input: unknown) => {
      const { input: takes, output } = service.methods[name] ?? {};
      if (!takes || !output) throw new Error(`${service.id} has no ${name}`);
      const answer = await (checkOf(takes)(input) ?? handler(callOf(), input as never));
      const wrong = checkOf(output)(answer);
      if (wrong) throw new Error(JSON.stringify(wrong));
      return answer;
    },
  ]);
  return Object.fromEntries(methods) as Client<M>;
}

/** Routes of the room, and one of a product that API keys with the scope `jars:read` may call. */
async function serve(auth: Room & AuthApi, tenancy: Tenancy, clock: { now(): Date }) {
  // Every call comes a minute after the one before, so the front's own limits stay out of the way.
  let minutes = 0;
  const routes = (auth.contributions ?? []).filter((each) => each.kind === 'route');
  const probe = kernelRoute('GET /jars', { auth: 'user', scope: 'jars:read' }, async () => {});
  const app = await buildRouteApp(
    { prefix: '/api/kernel', routes: [...routes, probe], makeContext: (start) => new CallContext(start) },
    {
      clock,
      log: silent,
      strict: true,
      stats: new RouteStats(),
      tracing: undefined,
      authenticate: (tenantId, token) => auth.authenticate(tenantId, token),
      limiters: rateLimiters({ readsPerMinute: 600, writesPerMinute: 100 }, () => {
        minutes += 1;
        return minutes * 60_000;
      }),
    },
  );
  // fetch sets the host by itself, so a header of our own says which site is meant.
  const server = createServer(async (request, response) => {
    const tenant = await tenancy.byHost(`${request.headers['x-test-site']}.localhost`);
    if (!tenant) return response.writeHead(404).end();
    arrive(request, { tenant, requestId: 'request-1' });
    return app.routing(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** @example call('ada', 'POST /auth/sessions', { email, password }, token) */
    async call(
      site: 'ada' | 'bob',
      route: string,
      body?: unknown,
      token?: string,
      headers: Record<string, string> = {},
    ): Promise<Reply> {
      const [method = '', path = ''] = route.split(' ');
      const reply = await fetch(`http://127.0.0.1:${port}/api/kernel${path}`, {
        method,
        headers: {
          'x-test-site': site,
          'user-agent': 'a browser',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await reply.text();
      return { status: reply.status, body: text === '' ? undefined : JSON.parse(text), headers: reply.headers };
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await app.close();
    },
  };
}
