// How a tip ends: the ledger moves the points and tells it, the consumer settles the record, a job says thank you.
import { type ContextOf, Problem } from '@plinth/sdk';
import type { Static } from 'typebox';
import type { TipSent } from './contract.ts';
import type { TipRecord } from './documents.ts';
import { errors } from './errors.ts';
import type { header } from './plugin.ts';
import { jarAccount, POINTS, personAccount } from './points.ts';

type Ctx = Omit<ContextOf<typeof header>, 'actor'>;

/** Moves the points. Asked again with the same tip, the ledger answers as it did the first time. */
export async function postTip(ctx: Ctx, tipId: string, tip: TipRecord): Promise<void> {
  const { jarId, fromId, points } = tip;
  try {
    await ctx.ledger.post({
      key: `tip-${tipId}`,
      transfers: [{ from: personAccount(fromId), to: jarAccount(jarId), currency: POINTS, minor: points }],
      emit: [{ event: 'tip-jar.tip-sent@1', payload: { tipId, jarId, fromId, points } }],
    });
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'kernel.insufficient_funds') throw error;
    await ctx.store.tips.put(tipId, { ...tip, state: 'refused' });
    throw errors.too_few_points({ detail: `This tip takes ${points}.` });
  }
}

export async function settleTip(ctx: Ctx, { tipId, jarId, points }: Static<typeof TipSent.payload>): Promise<void> {
  const { minor: total } = await ctx.ledger.balance({ account: jarAccount(jarId), currency: POINTS });
  await ctx.store.transaction(async () => {
    const tip = await ctx.store.tips.get(tipId);
    if (tip?.value.state !== 'pending') return;
    await ctx.store.tips.put(tipId, { ...tip.value, state: 'settled' }, { version: tip.version });
    await ctx.enqueue.thank({ tipId }, { key: tipId });
    await ctx.publish.jar({ jarId }, { points, total });
  });
}

export async function thank(ctx: Ctx, { tipId }: { tipId: string }): Promise<void> {
  const tip = await ctx.store.tips.get(tipId);
  const jar = tip && (await ctx.store.jars.get(tip.value.jarId));
  if (!tip || !jar) return;
  const { text } = await ctx.thanks({ jarTitle: jar.value.title, points: tip.value.points, text: 'Thank you!' });
  await ctx.store.tips.put(tipId, { ...tip.value, thanks: text }, { version: tip.version });
}

/** Finishes tips that were written but, because of a crash, perhaps never posted. */
export async function sweepPending(ctx: Ctx): Promise<void> {
  const { items } = await ctx.store.tips.list({ where: { state: 'pending' }, limit: 100 });
  for (const { id, value } of items) {
    await postTip(ctx, id, value).catch((error: unknown) => {
      ctx.log.warn('tip-refused', { tipId: id, error });
    });
  }
}
