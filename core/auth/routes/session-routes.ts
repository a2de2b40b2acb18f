// Signing in, staying signed in, signing out.
import { type Contribution, newId } from '@plinth/sdk';
import { Email } from '@plinth/sdk/services/accounts.ts';
import { type Static, Type } from 'typebox';
import { type Connection, kernelRoute } from '../../room.ts';
import { errors } from '../errors.ts';
import { askerOf, type Parts } from '../parts.ts';
import { endSessions, listSessions, refreshSession, type SignedIn } from '../sessions.ts';
import { signIn } from '../sign-in.ts';

const Id = Type.String({ format: 'uuid' });
export const Password = Type.String({ minLength: 1, maxLength: 256 });
/** For browsers: the refresh token is kept in a cookie that scripts cannot read, and is not part of the answer. */
export const InCookie = Type.Optional(Type.Boolean());
export const Tokens = Type.Object({
  accessToken: Type.String(),
  tokenType: Type.Literal('Bearer'),
  /** Of the access token, in seconds. */
  expiresIn: Type.Integer(),
  refreshToken: Type.Optional(Type.String()),
  sessionId: Id,
  accountId: Id,
});

const COOKIE = 'plinth_refresh';
const COOKIE_DAYS = 30;

/** The answer to whoever has just been let in. */
export async function tokensFor(
  parts: Parts,
  tenantId: string,
  connection: Connection,
  signedIn: SignedIn,
  inCookie: boolean,
): Promise<Static<typeof Tokens>> {
  const { refreshToken, ...rest } = signedIn;
  if (!inCookie) return { ...rest, refreshToken, tokenType: 'Bearer' };
  connection.setCookie(await cookie(parts, tenantId, refreshToken, COOKIE_DAYS * 86_400));
  return { ...rest, tokenType: 'Bearer' };
}

async function cookie(parts: Parts, tenantId: string, value: string, seconds: number): Promise<string> {
  // A plain http site is one on this machine: browsers would drop a Secure cookie there.
  const secure = (await parts.publicUrlOf(tenantId)).startsWith('https:') ? '; Secure' : '';
  return `${COOKIE}=${value}; Path=/api/kernel/auth; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

export function sessionRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'POST /auth/sessions',
      {
        auth: 'public',
        summary: 'Sign in',
        perMinute: 20,
        body: Type.Object({ email: Email, password: Password, cookie: InCookie }),
        reply: Tokens,
        status: 201,
      },
      async (call, request) => {
        const { cookie: inCookie = false, ...given } = request.body;
        const signedIn = await signIn(parts, askerOf(call, request), given);
        return tokensFor(parts, call.tenant.id, request.connection, signedIn, inCookie);
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
        const { connection, body } = request;
        const token = body.refreshToken ?? connection.cookies[COOKIE];
        if (token === undefined) throw errors.session_ended({ detail: 'No refresh token was given.' });
        const signedIn = await refreshSession(parts, askerOf(call, request), token);
        return tokensFor(parts, call.tenant.id, connection, signedIn, body.refreshToken === undefined);
      },
    ),
    kernelRoute('DELETE /auth/sessions/current', { auth: 'user', summary: 'Sign out' }, async (call, request) => {
      await endSessions(parts, askerOf(call, request), { sessionId: call.actor.credential.id });
      request.connection.setCookie(await cookie(parts, call.tenant.id, '', 0));
    }),
    kernelRoute('DELETE /auth/sessions', { auth: 'user', summary: 'Sign out everywhere' }, async (call, request) => {
      await endSessions(parts, askerOf(call, request), { accountId: call.actor.accountId });
      request.connection.setCookie(await cookie(parts, call.tenant.id, '', 0));
    }),
    kernelRoute(
      'GET /auth/sessions',
      {
        auth: 'user',
        summary: 'Where you are signed in',
        reply: Type.Object({
          items: Type.Array(
            Type.Object({
              id: Id,
              current: Type.Boolean(),
              method: Type.String(),
              userAgent: Type.String(),
              address: Type.String(),
              createdAt: Type.String({ format: 'date-time' }),
              lastUsedAt: Type.String({ format: 'date-time' }),
            }),
          ),
        }),
      },
      async (call) => {
        const sessions = await listSessions(parts, call.tenant.id, call.actor.accountId);
        return { items: sessions.map((session) => ({ ...session, current: session.id === call.actor.credential.id })) };
      },
    ),
    kernelRoute(
      'DELETE /auth/sessions/:sessionId',
      { auth: 'user', summary: 'Sign out one device' },
      async (call, request) => {
        const which = { sessionId: idOr(request.params.sessionId), accountId: call.actor.accountId };
        const ended = await endSessions(parts, askerOf(call, request), which);
        if (ended === 0) throw errors.session_missing();
      },
    ),
  ];
}

/** What is no id names nothing: a fresh one is as good, and the database need not be asked with nonsense. */
export function idOr(given: string): string {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(given) ? given : newId();
}
