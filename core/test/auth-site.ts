// Two sites of a whole kernel, for the tests of the auth room: `ada` (the platform's own) and `bob`, and their mail.
import { type Call, type Client, definePlugin, type Methods, type Service } from '@plinth/sdk';
import { Accounts } from '@plinth/sdk/services/accounts.ts';
import { Audit } from '@plinth/sdk/services/audit.ts';
import inject from 'light-my-request';
import { type AuthApi, createAuth } from '../auth/auth.ts';
import type { NewMessage } from '../mail/mail.ts';
import { CallContext } from '../plugins/call.ts';
import { checkOf } from '../schemas.ts';
import { SILENT } from '../telemetry/log.ts';
import { createTestKernel } from '../testing/kernel.ts';

export interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on what came back, whatever it is.
  readonly body: any;
  readonly headers: Readonly<Record<string, unknown>>;
}

type Site = 'ada' | 'bob';

export const PASSWORD = 'a quiet harbour at dusk';

/** A product with one route, which API keys with the scope `jars:read` may call. */
const jars = definePlugin({
  ...{ id: 'tip-jar', version: '1.0.0', kernel: '^1.0.0', title: 'Jars', summary: 'Shows jars.' },
  permissions: { 'tip-jar.refund': 'Refund a tip' },
  roles: { treasurer: ['tip-jar.refund'] },
  contributes: (plugin) => [plugin.route('GET /jars', { auth: 'user', scope: 'jars:read' }, async () => {})],
});

export async function authSite() {
  const test = await createTestKernel({ plugins: [jars] });
  const { kernel, clock } = test;
  const { auth, database, mail } = kernel;
  const [ada, bob] = [await test.tenant({ slug: 'ada', platform: true }), await test.tenant({ slug: 'bob' })];
  const idOf = (where: Site) => (where === 'ada' ? ada.id : bob.id);
  const callOf = async (where: Site, caller?: string): Promise<Call> => {
    const tenant = await kernel.tenancy.byId(idOf(where));
    if (!tenant) throw new Error('no such site');
    const call = { tenant, actor: { kind: 'system' }, requestId: 'test', clock, log: SILENT } as const;
    return new CallContext(caller === undefined ? call : { ...call, caller });
  };

  const letters: NewMessage[] = [];
  const { enqueue } = mail;
  mail.enqueue = (client, letter) => {
    letters.push(letter);
    return enqueue(client, letter);
  };

  return {
    auth,
    database,
    letters,
    ada: ada.id,
    bob: bob.id,
    ownerConnection: test.owner,
    /** Another process on the same database, which nobody tells anything. */
    anotherNode: () => {
      const publicUrlOf = () => 'http://ada.localhost';
      return createAuth({ database, clock, mail, log: SILENT, secret: 'of another node', publicUrlOf });
    },
    suppress: (where: Site, address: string) =>
      database.tenant(idOf(where), (_tx, client) => mail.suppress(client, idOf(where), address, 'unsubscribed')),
    addHost: (where: Site, host: string) => kernel.tenancy.addHost(idOf(where), host, true),
    removeHost: (where: Site, host: string) => kernel.tenancy.removeHost(idOf(where), host),
    call: caller((request, response) => kernel.handle(request, response)),
    pass: (milliseconds: number) => clock.advance(`${milliseconds}ms`),
    now: () => clock.now(),
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
    accounts: offered(kernel.runtime.kernelServices, Accounts, () => callOf('ada', 'tip-jar')),
    audit: offered(kernel.runtime.kernelServices, Audit, () => callOf('ada', 'tip-jar')),
    /** What the log says about a subject, newest first. */
    auditOf: async (where: Site, subject: string) => {
      const { rows } = await database.tenant(idOf(where), (_tx, client) =>
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
    sweep: async (where: Site) => {
      const job = auth.contributions?.find((each) => each.kind === 'job');
      await job?.handler(await callOf(where), {});
    },
    close: () => test[Symbol.asyncDispose](),
  };
}

export type AuthSite = Awaited<ReturnType<typeof authSite>>;

/** A service of the kernel, held against its schemas as the plugin host does. */
function offered<M extends Methods>(
  services: ReadonlyMap<
    string,
    { readonly handlers: Readonly<Record<string, (call: Call, input: never) => Promise<unknown>>> }
  >,
  service: Service<M>,
  callOf: () => Promise<Call>,
): Client<M> {
  const methods = Object.entries(services.get(service.id)?.handlers ?? {}).map(([name, handler]) => [
    name,
    async (input: unknown) => {
      const { input: takes, output } = service.methods[name] ?? {};
      if (!takes || !output) throw new Error(`${service.id} has no ${name}`);
      const wrong = checkOf(takes)(input);
      if (wrong) throw new Error(JSON.stringify(wrong));
      const answer = await handler(await callOf(), input as never);
      const broken = checkOf(output)(answer);
      if (broken) throw new Error(JSON.stringify(broken));
      return answer;
    },
  ]);
  return Object.fromEntries(methods) as Client<M>;
}

let callers = 0;

/** @example call('ada', 'POST /auth/sessions', { email, password }, token) */
function caller(handle: Parameters<typeof inject>[0]) {
  return async (
    where: Site,
    route: string,
    body?: unknown,
    token?: string,
    { from, ...headers }: Record<string, string> & { from?: string } = {},
  ): Promise<Reply> => {
    const [method = 'GET', path = ''] = route.split(' ');
    callers += 1;
    const reply = await inject(handle, {
      method: method as 'GET',
      url: path.startsWith('/api/') ? path : `/api/kernel${path}`,
      // Each call comes from a place of its own, unless the test is about places.
      remoteAddress: from ?? `10.${callers >> 16}.${(callers >> 8) & 255}.${callers & 255}`,
      headers: {
        host: `${where}.localhost`,
        'user-agent': 'a browser',
        'x-request-id': 'request-1',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
    });
    const text = reply.payload;
    return { status: reply.statusCode, body: text === '' ? undefined : JSON.parse(text), headers: reply.headers };
  };
}
