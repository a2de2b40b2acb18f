import { newId } from '@plinth/sdk';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import type { TipJar } from '../plugin.ts';
import { jarAccount, POINTS } from '../points.ts';

const JarFacts = Type.Object({
  id: Type.String(),
  ownerId: Type.String(),
  title: Type.String(),
  open: Type.Boolean(),
  points: Type.Integer({ description: 'Given so far.' }),
  amounts: Type.Array(Type.Object({ points: Type.Integer(), label: Type.String() })),
});

export const openJar = (plugin: TipJar) =>
  plugin.route(
    'POST /jars',
    {
      auth: 'user',
      scope: 'tip-jar:write',
      summary: 'Open a jar',
      body: Type.Object({ title: Type.String({ minLength: 1, maxLength: 80 }) }),
      reply: Type.Object({ id: Type.String() }),
      status: 201,
    },
    async (ctx, { body }) => {
      const id = newId();
      await ctx.store.jars.put(id, { ownerId: ctx.actor.accountId, title: body.title, open: true }, { version: 0 });
      return { id };
    },
  );

export const listJars = (plugin: TipJar) =>
  plugin.route(
    'GET /jars',
    {
      auth: 'public',
      scope: 'tip-jar:read',
      summary: 'Jars, newest first',
      query: Type.Object({ after: Type.Optional(Type.String()), ownerId: Type.Optional(Type.String()) }),
      reply: Type.Object({
        items: Type.Array(Type.Object({ id: Type.String(), title: Type.String(), open: Type.Boolean() })),
        next: Type.Optional(Type.String()),
      }),
    },
    async (ctx, { query }) => {
      const { after, ownerId } = query;
      const page = await ctx.store.jars.list({
        ...(after === undefined ? {} : { after }),
        ...(ownerId === undefined ? {} : { where: { ownerId } }),
      });
      const items = page.items.map(({ id, value }) => ({ id, title: value.title, open: value.open }));
      return page.next === undefined ? { items } : { items, next: page.next };
    },
  );

export const getJar = (plugin: TipJar) =>
  plugin.route(
    'GET /jars/:jarId',
    { auth: 'public', scope: 'tip-jar:read', summary: 'One jar and what is in it', reply: JarFacts },
    async (ctx, { params }) => {
      const jar = await ctx.store.jars.get(params.jarId);
      if (!jar) throw errors.jar_missing();
      const { minor } = await ctx.ledger.balance({ account: jarAccount(jar.id), currency: POINTS });
      const amounts = (await ctx.amounts()).map(({ entry }) => entry).sort((a, b) => a.points - b.points);
      return { id: jar.id, ...jar.value, points: minor, amounts };
    },
  );

export const closeJar = (plugin: TipJar) =>
  plugin.route('DELETE /jars/:jarId', { auth: 'user', summary: 'Close a jar' }, async (ctx, { params }) => {
    const jar = await ctx.store.jars.get(params.jarId);
    if (!jar) throw errors.jar_missing();
    if (jar.value.ownerId !== ctx.actor.accountId && !ctx.can('tip-jar.close')) throw errors.not_your_jar();
    await ctx.store.jars.put(jar.id, { ...jar.value, open: false }, { version: jar.version });
  });
