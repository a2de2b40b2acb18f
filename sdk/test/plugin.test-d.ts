// What must not compile. `tsc` checks this file: an expectation that no longer errs is itself an error.
import { Type } from 'typebox';
import {
  type Contribute,
  channel,
  collection,
  definePlugin,
  event,
  job,
  optional,
  pluginHeader,
  point,
  service,
  slot,
} from '../index.ts';

const Counter = service('counter@1', {
  add: { input: Type.Object({ by: Type.Integer() }), output: Type.Object({ total: Type.Integer() }) },
});
const Wallet = service('wallet@1', {
  balance: { input: Type.Object({}), output: Type.Object({ coins: Type.Integer() }) },
});
const Opened = event('demo.opened@1', Type.Object({ jarId: Type.String() }));
const Score = point('demo.score@1', {
  input: Type.Object({ ids: Type.Array(Type.String()) }),
  output: Type.Array(Type.Number()),
  combine: 'sum',
  budgetMs: 20,
  onError: 'skip',
});
const Actions = slot('demo.actions@1', Type.Object({ label: Type.String(), order: Type.Integer() }));
const Jar = Type.Object({ ownerId: Type.String(), points: Type.Integer() });
const Reply = Type.Object({ ok: Type.Boolean() });

const header = pluginHeader({
  id: 'demo',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Demo',
  summary: 'Shows the types.',
  needs: { counter: Counter, wallet: optional(Wallet), score: Score, actions: Actions },
  emits: { opened: Opened },
  jobs: { settle: job(Type.Object({ day: Type.String() })) },
  channels: {
    jar: channel('jars/:jarId', Type.Object({ points: Type.Integer() }), {
      message: Type.Object({ hi: Type.String() }),
    }),
  },
  collections: { jars: collection(Jar, { indexes: ['ownerId'] }) },
  settings: Type.Object({ most: Type.Integer({ default: 5 }) }),
});
type Demo = Contribute<typeof header>;

export const splitIntoItsOwnFile = (plugin: Demo) =>
  plugin.route('POST /jars/:jarId', { auth: 'user', body: Jar, reply: Reply }, async (ctx, { params, body }) => {
    const who: string = ctx.actor.accountId;
    const most: number = ctx.settings.most;
    const { total } = await ctx.counter.add({ by: body.points + most });
    await ctx.emit.opened({ jarId: params.jarId });
    await ctx.enqueue.settle({ day: 'today' }, { delay: '3d', key: who });
    await ctx.publish.jar({ jarId: params.jarId }, { points: total });
    const found = await ctx.store.jars.list({ where: { ownerId: who } });
    const scores: number[] = await ctx.score({ ids: found.items.map((jar) => jar.id) });
    const labels: string[] = (await ctx.actions()).map((each) => each.entry.label);
    return { ok: scores.length + labels.length > 0 };
  });

export default definePlugin({
  ...header,
  contributes: (plugin) => [
    splitIntoItsOwnFile(plugin),
    plugin.on(Opened, 'count', async (ctx, payload) => {
      await ctx.counter.add({ by: payload.jarId.length });
    }),
    plugin.job('settle', async (_ctx, data) => {
      data.day.trim();
    }),
    plugin.socket('jar', {
      auth: 'user',
      receive: async (ctx, { params, message }) => {
        ctx.log.info('said', { who: ctx.actor.accountId, hi: message.hi, jar: params.jarId });
      },
    }),
    plugin.provide(Counter, { add: async (_ctx, { by }) => ({ total: by }) }),
    plugin.extend(Score, 'even', async (_ctx, { ids }) => ids.map(() => 1)),
    plugin.fill(Actions, 'tip', { label: 'Tip', order: 1 }),
  ],
});

export const mustNotCompile = (plugin: Demo) => [
  plugin.route('GET /undeclared', { auth: 'public' }, async (ctx) => {
    // @ts-expect-error a service that the header does not need
    await ctx.ledger.post({});
  }),
  plugin.route('GET /jars/:jarId', { auth: 'public' }, async (_ctx, { params }) => {
    // @ts-expect-error a parameter that the path does not have
    params.tipId.trim();
  }),
  // @ts-expect-error a reply that breaks its schema
  plugin.route('GET /wrong-reply', { auth: 'public', reply: Reply }, async () => ({ ok: 'yes' })),
  // @ts-expect-error a route without auth
  plugin.route('GET /no-auth', { reply: Reply }, async () => ({ ok: true })),
  // @ts-expect-error a slot entry that breaks its owner's schema
  plugin.fill(Actions, 'broken', { label: 'Tip' }),
  plugin.route('GET /unguarded', { auth: 'public' }, async (ctx) => {
    // @ts-expect-error an optional service used unguarded
    await ctx.wallet.balance({});
    await ctx.wallet?.balance({});
  }),
  plugin.route('GET /anonymous', { auth: 'public' }, async (ctx) => {
    // @ts-expect-error nobody needs to be signed in on a public route
    ctx.actor.accountId.trim();
  }),
  // @ts-expect-error a job that the header does not name
  plugin.job('sweep', async () => {}),
  // @ts-expect-error a channel that the header does not name
  plugin.socket('room', { auth: 'public' }),
  plugin.route('POST /emits', { auth: 'public' }, async (ctx) => {
    // @ts-expect-error an event payload that breaks its schema
    await ctx.emit.opened({ jar: 1 });
    // @ts-expect-error a filter by a field that is not indexed
    await ctx.store.jars.list({ where: { points: 1 } });
    // @ts-expect-error job data that breaks its schema
    await ctx.enqueue.settle({ day: 1 });
  }),
];

// @ts-expect-error a need named like something every ctx has
pluginHeader({ id: 'x', version: '1.0.0', kernel: '*', title: 'x', summary: 'x', needs: { db: Counter } });

definePlugin({
  id: 'inline',
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Inline',
  summary: 'Header and contributions in one value.',
  needs: { counter: Counter },
  contributes: (plugin) => [
    plugin.route('GET /one', { auth: 'public', reply: Reply }, async (ctx) => ({
      ok: (await ctx.counter.add({ by: 1 })).total > 0,
    })),
  ],
});
