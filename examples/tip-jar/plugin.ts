import { type Contribute, channel, collection, definePlugin, job, pluginHeader } from '@plinth/sdk';
import { Ledger } from '@plinth/sdk/services/ledger.ts';
import { Type } from 'typebox';
import { Amounts, Thanks, TipSent, Tips } from './contract.ts';
import { Jar, TipRecord } from './documents.ts';
import { jarAccount, POINTS } from './points.ts';
import { claimWelcome } from './routes/claim-welcome.ts';
import { closeJar, getJar, listJars, openJar } from './routes/jars.ts';
import { sendTip } from './routes/send-tip.ts';
import { settleTip, sweepPending, thank } from './settle.ts';

export const header = pluginHeader({
  id: 'tip-jar',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Tip jar',
  summary: 'People open jars and give each other points.',
  needs: { ledger: Ledger, thanks: Thanks, amounts: Amounts },
  emits: { tipSent: TipSent },
  capabilities: ['ledger:post', 'ledger:read'],
  settings: Type.Object({
    welcomePoints: Type.Integer({ default: 100, minimum: 0, title: 'Points a new giver gets' }),
    mostPerTip: Type.Integer({ default: 50, minimum: 1, title: 'Largest tip' }),
  }),
  permissions: { 'tip-jar.close': 'Close anybody’s jar' },
  roles: { treasurer: ['tip-jar.close'] },
  jobs: {
    thank: job(Type.Object({ tipId: Type.String() })),
    sweep: job(Type.Object({}), { every: '1h' }),
  },
  channels: {
    jar: channel('jars/:jarId', Type.Object({ points: Type.Integer(), total: Type.Integer() }), {
      presence: true,
      history: 20,
    }),
  },
  collections: {
    jars: collection(Jar, { indexes: ['ownerId'] }),
    tips: collection(TipRecord, { indexes: ['jarId', 'state'] }),
  },
});

export type TipJar = Contribute<typeof header>;

export default definePlugin({
  ...header,
  contributes: (plugin) => [
    openJar(plugin),
    listJars(plugin),
    getJar(plugin),
    closeJar(plugin),
    sendTip(plugin),
    claimWelcome(plugin),
    plugin.on(TipSent, 'settle-tip', settleTip),
    plugin.job('thank', thank),
    plugin.job('sweep', sweepPending),
    plugin.socket('jar', { auth: 'public' }),
    plugin.provide(Tips, {
      total: async (ctx, { jarId }) => {
        const { minor } = await ctx.ledger.balance({ account: jarAccount(jarId), currency: POINTS });
        return { points: minor };
      },
    }),
    plugin.extend(Thanks, 'generous', async (_ctx, words) =>
      words.points >= 25 ? { ...words, text: `${words.text} That is very generous!` } : words,
    ),
    plugin.fill(Amounts, 'coffee', { points: 5, label: 'A coffee' }),
    plugin.fill(Amounts, 'lunch', { points: 25, label: 'A lunch' }),
  ],
});
