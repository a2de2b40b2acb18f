import { Type } from 'typebox';
import type { TipJar } from '../plugin.ts';
import { MINT, POINTS, personAccount } from '../points.ts';

export const claimWelcome = (plugin: TipJar) =>
  plugin.route(
    'POST /welcome',
    {
      auth: 'user',
      summary: 'Claim the welcome points, once',
      reply: Type.Object({ points: Type.Integer({ description: 'What you have now.' }) }),
    },
    async (ctx) => {
      const account = personAccount(ctx.actor.accountId);
      const { welcomePoints } = ctx.settings;
      if (welcomePoints > 0) {
        // Claiming again is the same post again: the key makes it one gift, whatever the setting was meanwhile.
        const before = await ctx.ledger.balance({ account: `${MINT}.${ctx.actor.accountId}`, currency: POINTS });
        if (before.minor === 0) {
          await ctx.ledger.post({
            key: `welcome-${ctx.actor.accountId}`,
            transfers: [
              { from: `${MINT}.${ctx.actor.accountId}`, to: account, currency: POINTS, minor: welcomePoints },
            ],
          });
        }
      }
      return { points: (await ctx.ledger.balance({ account, currency: POINTS })).minor };
    },
  );
