// Signing in, staying signed in, signing out.
import type { Call, Contribution, RoutePath } from '@plinth/sdk';
import { Email } from '@plinth/sdk/services/accounts.ts';
import { type Static, type TProperties, Type } from 'typebox';
import { type Connection, kernelRoute } from '../../room.ts';
import { atDesk } from '../desk.ts';
import { errors } from '../errors.ts';
import { type Asker, type Asking, askerOf, type Parts } from '../parts.ts';
import { endSessions, REFRESH_MS, refreshSession, type SessionsOf, type SignedIn } from '../sessions.ts';
import { signIn } from '../sign-in.ts';
import { deskRoutes } from './desk-route.ts';

export const Id = Type.String({ format: 'uuid' });
export const Moment = Type.String({ format: 'date-time' });
export const Password = Type.String({ minLength: 1, maxLength: 256 });
const Tokens = Type.Object({
  ...{ accessToken: Type.String(), tokenType: Type.Literal('Bearer') },
  /** Of the access token, in seconds. */
  expiresIn: Type.Integer(),
  refreshToken: Type.Optional(Type.String()),
  ...{ sessionId: Id, accountId: Id },
});
const Session = Type.Object({
  ...{ id: Id, current: Type.Boolean(), method: Type.String(), userAgent: Type.String(), address: Type.String() },
  createdAt: Moment,
  /** To the quarter of an hour: by the refreshes. */
  lastUsedAt: Moment,
});

const COOKIE = 'plinth_refresh';

/** The answer to whoever has just been let in. */
async function tokensFor(
  parts: Parts,
  call: Call,
  connection: Connection,
  { refreshToken, ...rest }: SignedIn,
  inCookie: boolean,
): Promise<Static<typeof Tokens>> {
  if (!inCookie) return { ...rest, refreshToken, tokenType: 'Bearer' };
  await setCookie(parts, call, connection, refreshToken, REFRESH_MS / 1000);
  return { ...rest, tokenType: 'Bearer' };
}

async function setCookie({ publicUrlOf }: Parts, call: Call, connection: Connection, value: string, seconds: number) {
  // A plain http site is one on this machine: browsers may drop a Secure cookie there.
  const secure = (await publicUrlOf(call.tenant.id)).startsWith('https:') ? '; Secure' : '';
  const scope = 'Path=/api/kernel/auth; HttpOnly; SameSite=Strict';
  connection.setCookie(`${COOKIE}=${value}; ${scope}; Max-Age=${seconds}${secure}`);
}

/** One way of signing in. */
export function signInRoute<const P extends RoutePath, T extends TProperties>(
  parts: Parts,
  path: P,
  summary: string,
  properties: T,
  enter: (asker: Asker, body: Static<ReturnType<typeof Type.Object<T>>>) => Promise<SignedIn>,
): Contribution {
  // For browsers: the refresh token is kept in a cookie that scripts cannot read, and is not part of the answer.
  const body = Type.Object({ ...properties, cookie: Type.Boolean({ default: false }) });
  const options = { auth: 'public', perMinute: 20, summary, body, reply: Tokens, status: 201 } as const;
  return kernelRoute(path, options, async (call, request) => {
    const given = request.body as Static<ReturnType<typeof Type.Object<T>>> & { readonly cookie: boolean };
    return tokensFor(parts, call, request.connection, await enter(askerOf(call, request), given), given.cookie);
  });
}

export function sessionRoutes(parts: Parts): Contribution[] {
  const end = (call: Call, request: Asking, which: SessionsOf) =>
    atDesk(parts, askerOf(call, request), (desk) => endSessions(desk, which));
  return [
    signInRoute(
      parts,
      'POST /auth/sessions',
      'Sign in',
      // The code is that of the second factor: from the generator, or a recovery code.
      { email: Email, password: Password, code: Type.Optional(Type.String({ maxLength: 40 })) },
      (asker, body) => signIn(parts, asker, body),
    ),
    kernelRoute(
      'POST /auth/sessions/refresh',
      {
        ...{ auth: 'public', perMinute: 60 },
        summary: 'Exchange a refresh token, from the body or the cookie, for new tokens',
        body: Type.Object({ refreshToken: Type.Optional(Type.String({ maxLength: 200 })) }),
        reply: Tokens,
      },
      async (call, request) => {
        const token = request.body.refreshToken ?? request.connection.cookies[COOKIE];
        if (token === undefined) throw errors.session_ended({ detail: 'No refresh token was given.' });
        const signedIn = await refreshSession(parts, askerOf(call, request), token);
        return tokensFor(parts, call, request.connection, signedIn, request.body.refreshToken === undefined);
      },
    ),
    kernelRoute('DELETE /auth/sessions/current', { auth: 'user', summary: 'Sign out' }, async (call, request) => {
      await end(call, request, { sessionId: call.actor.credential.id });
      await setCookie(parts, call, request.connection, '', 0);
    }),
    kernelRoute('DELETE /auth/sessions', { auth: 'user', summary: 'Sign out everywhere' }, async (call, request) => {
      await end(call, request, { accountId: call.actor.accountId });
      await setCookie(parts, call, request.connection, '', 0);
    }),
    kernelRoute(
      'DELETE /auth/sessions/:sessionId',
      { auth: 'user', summary: 'Sign out one device' },
      async (call, request) => {
        const which = { sessionId: idOf(request.params.sessionId), accountId: call.actor.accountId };
        if ((await end(call, request, which)) === 0) throw errors.session_missing();
      },
    ),
    deskRoutes(parts)(
      'GET /auth/sessions',
      { auth: 'user', summary: 'Where you are signed in', reply: Type.Object({ items: Type.Array(Session) }) },
      async (desk, _request, call) => ({
        items: await desk.all<Static<typeof Session>>(
          `select id, id = $4 as current, method, user_agent, address, created_at, rotated_at as last_used_at
           from kernel.session where tenant_id = $1 and account_id = $2 and expires_at > $3 order by rotated_at desc`,
          ...[desk.me, desk.now, call.actor.credential.id],
        ),
      }),
    ),
  ];
}

/** What is no id names nothing, and the database need not be asked with nonsense. */
export function idOf(given: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(given) ? given : '00000000-0000-0000-0000-000000000000';
}
