// What is held of a person, for that person: to take along, and to have forgotten.
import type { Contribution } from '@plinth/sdk';
import { Type } from 'typebox';
import { kernelRoute } from '../../room.ts';
import { atDesk } from '../desk.ts';
import { askerOf, type Parts } from '../parts.ts';
import { eraseAccount, exportAccount, GRACE_DAYS } from '../person-data.ts';
import { keepAnOwner } from '../roles.ts';
import { confirmPerson } from '../sign-in.ts';
import { deskRoutes } from './desk-route.ts';
import { Confirmed } from './factor-routes.ts';
import { Moment } from './session-routes.ts';

export function personRoutes(parts: Parts): Contribution[] {
  return [
    kernelRoute(
      'GET /auth/me/export',
      {
        auth: 'user',
        summary: 'Everything that is held of you',
        perMinute: 5,
        reply: Type.Record(Type.String(), Type.Unknown()),
      },
      async (call) => {
        const { accountId } = call.actor;
        const data = await atDesk(parts, askerOf(call), (desk) => exportAccount(desk, accountId));
        for (const [section, read] of parts.exports) data[section] = await read(call, accountId);
        return data;
      },
    ),
    kernelRoute(
      'POST /auth/me/deletion',
      {
        auth: 'user',
        summary: `Have the account deleted: in ${GRACE_DAYS} days, or at once`,
        perMinute: 5,
        body: Type.Object({ ...Confirmed.properties, immediate: Type.Boolean({ default: false }) }),
        reply: Type.Object({ deleteAt: Moment }),
        status: 202,
      },
      async (call, request) => {
        const asker = askerOf(call, request);
        const { password, immediate } = request.body;
        const login = await confirmPerson(parts, asker, password);
        return atDesk(parts, asker, async (desk) => {
          const deleteAt = immediate ? desk.now : desk.in(GRACE_DAYS * 86_400_000);
          if (immediate) await eraseAccount(desk, login.id);
          else {
            await keepAnOwner(desk, login.id);
            await desk.run(
              'update kernel.account set delete_at = $3 where tenant_id = $1 and id = $2',
              login.id,
              deleteAt,
            );
            await desk.audit('auth.deletion-asked', login.id);
            await desk.mail(login, 'account-deletion', '/account/security', { when: deleteAt.toISOString() });
          }
          return { deleteAt: deleteAt.toISOString() };
        });
      },
    ),
    deskRoutes(parts)(
      'DELETE /auth/me/deletion',
      { auth: 'user', summary: 'Keep the account after all' },
      async (desk) => {
        await desk.run('update kernel.account set delete_at = null where tenant_id = $1 and id = $2', desk.me);
        await desk.audit('auth.deletion-withdrawn', desk.me);
      },
    ),
  ];
}
