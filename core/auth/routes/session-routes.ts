// Signing in, staying signed in, signing out.
import type { Call, Contribution } from '@plinth/sdk';
import { Email } from '@plinth/sdk/services/accounts.ts';
import { type Static, Type } from 'typebox';
import { type Connection, kernelRoute } from '../../room.ts';
import { atDesk } from '../desk.ts';
import { errors } from '../errors.ts';
import { type Asking, askerOf, type Parts } from '../parts.ts';
import { endSessions, REFRESH_MS, refreshSession, type SessionsOf, type SignedIn } from '../sessions.ts';
import { signIn } from '../sign-in.ts';

export const Id = Type.String({ format: 'uuid' });
export const Moment = Type.String({ format: 'date-time' });
export const Password = Type.String({ minLength: 1, maxLength: 256 });
export const Tokens = Type.Object({
  accessToken: Type.String(),
  tokenType: Type.Literal('Bearer'),
  /** Of the access token, in seconds. */
  expiresIn: Type.Integer(),
  refreshToken: Type.Optional(Type.String()),
  sessionId: Id,
  accountId: Id,
});
/** For browsers: the refresh token is kept in a cookie that scripts cannot read, and is not part of the answer. */
export const InCookie = Type.Optional(Type.Boolean());
/** Of the second factor: from the generator, or a recovery code. */
const Code = Type.Optional(Type.String({ maxLength: 40 }));
const Session = Type.Object({
  id: Id,
  current: Type.Boolean(),
  method: Type.String(),
  userAgent: Type.String(),
  address: Type.String(),
  createdAt: Moment,
  /** To the quarter of an hour: by the refreshes. */
  lastUsedAt: Moment,
});

const COOKIE = 'plinth_refresh';

/** The answer to whoever has just been let in. */
export async function tokensFor(
  parts: Parts,
  call: Call,
  connection: Connection,
  { refreshToken, ...rest }: SignedIn,
  inCookie = false,
): Promise<Static<typeof Tokens>> {
  if (!inCookie) return { ...rest, refreshToken, tokenType: 'Bearer' };
  await setCookie(parts, call, connection, refreshToken, REFRESH_MS / 1000);
  return { ...rest, tokenType: 'Bearer' };
}

async function setCookie(
  parts: Parts,
  call: Call,
  connection: Connection,
  value: string,
  seconds: number,
): Promise<void> {
  // A plain http site is one on this machine: browsers may drop a Secure cookie there.
  const secure = (await parts.publicUrlOf(call.tenant.id)).startsWith('https:') ? '; Secure' : '';
  connection.setCookie(
    `${COOKIE}=${value}; Path=/api/kernel/auth; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`,
  );
}

export function sessionRoutes(parts: Parts): Contribution[] {
  const end = (call: Call, request: Asking, which: SessionsOf) =>
    atDesk(parts, askerOf(call, request), (desk) => endSessions(desk, which));
  return [
    kernelRoute(
      'POST /auth/sessions',
      {
        auth: 'public',
        summary: 'Sign in',
        perMinute: 20,
        body: Type.Object({ email: Email, password: Password, code: Code, cookie: InCookie }),
        reply: Tokens,
        status: 201,
      },
      async (call, request) => {
        const signedIn = await signIn(parts, askerOf(call, request), request.body);
        return tokensFor(parts, call, request.connection, signedIn, request.body.cookie);
      },
    ),
    kernelRoute(
      'POST /auth/sessions/refresh',
      {
        auth: 'public',
        summary: 'Exchange a refresh token, from the body or the cookie, for new tokens',
        perMinute: 60,
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
    kernelRoute(
      'GET /auth/sessions',
      { auth: 'user', summary: 'Where you are signed in', reply: Type.Object({ items: Type.Array(Session) }) },
      async (call) => ({
        items: await atDesk(parts, askerOf(call), (desk) =>
          desk.all<Static<typeof Session>>(
            `select id, id = $4 as current, method, user_agent, address, created_at, rotated_at as last_used_at
             from kernel.session where tenant_id = $1 and account_id = $2 and expires_at > $3 order by rotated_at desc`,
            ...[desk.me, desk.now, call.actor.credential.id],
          ),
        ),
      }),
    ),
  ];
}

/** What is no id names nothing, and the database need not be asked with nonsense. */
export function idOf(given: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(given) ? given : '00000000-0000-0000-0000-000000000000';
}
