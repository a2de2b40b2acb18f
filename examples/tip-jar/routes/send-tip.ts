import { newId } from '@plinth/sdk';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import type { TipJar } from '../plugin.ts';
import { postTip } from '../settle.ts';

export const sendTip = (plugin: TipJar) =>
  plugin.route(
    'POST /jars/:jarId/tips',
    {
      auth: 'user',
      scope: 'tip-jar:write',
      summary: 'Give points',
      body: Type.Object({ points: Type.Integer({ minimum: 1 }) }),
      reply: Type.Object({ tipId: Type.String() }),
      status: 201,
    },
    async (ctx, { params, body, headers }) => {
      const jar = await ctx.store.jars.get(params.jarId);
      if (!jar) throw errors.jar_missing();
      if (!jar.value.open) throw errors.jar_closed();
      if (jar.value.ownerId === ctx.actor.accountId) throw errors.own_jar();
      if (body.points > ctx.settings.mostPerTip) {
        throw errors.too_generous({ detail: `A tip is ${ctx.settings.mostPerTip} points at most.` });
      }
      // A page that repeats a request under the same key gives once.
      const key = headers['idempotency-key'];
      const tipId = key === undefined ? newId() : `${ctx.actor.accountId}.${key}`;
      const known = await ctx.store.tips.get(tipId);
      const tip = known?.value ?? {
        jarId: jar.id,
        fromId: ctx.actor.accountId,
        points: body.points,
        state: 'pending' as const,
      };
      if (!known) await ctx.store.tips.put(tipId, tip, { version: 0 });
      await postTip(ctx, tipId, tip);
      return { tipId };
    },
  );
