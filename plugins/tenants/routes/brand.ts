import type { ContextOf } from '@plinth/sdk';
import { Brand, BrandChange, legibleBrand } from '../brand.ts';
import { errors } from '../errors.ts';
import type { header, Tenants } from '../plugin.ts';
import { MANAGE } from '../self.ts';

/** A site has one. */
export const BRAND = 'brand';

/** No SVG: it can hold scripts. */
const PICTURES = ['image/png', 'image/jpeg', 'image/webp', 'image/avif'];

export const putBrand = (plugin: Tenants) =>
  plugin.route(
    'PUT /brand',
    { auth: MANAGE, scope: 'tenants:manage', summary: 'Set how the site looks', body: BrandChange, reply: Brand },
    async (ctx, { body }) => {
      const brand = legibleBrand(body);
      const before = (await ctx.store.brand.get(BRAND))?.value.logoId;
      const { logoId } = brand;
      if (logoId !== undefined && logoId !== before) await takeLogo(ctx, logoId);
      await ctx.store.transaction(async () => {
        await ctx.store.brand.put(BRAND, brand);
        await ctx.emit.siteChanged({ changed: ['brand'] });
      });
      if (before !== undefined && before !== logoId) await ctx.storage.delete({ objectId: before });
      return brand;
    },
  );

type Ctx = Omit<ContextOf<typeof header>, 'actor'>;

/** Takes what the person uploaded into the site's keeping, and shows it to everybody. */
async function takeLogo({ storage }: Ctx, objectId: string): Promise<void> {
  // A request that was cut off may have taken it before.
  const { type } = await storage.stat({ objectId }).catch(() => storage.adopt({ objectId, purpose: 'logo' }));
  if (!PICTURES.includes(type)) {
    await storage.delete({ objectId });
    throw errors.logo_not_a_picture({ detail: `It is ${type}.` });
  }
  await storage.grant({ objectId, visibility: 'public' });
}
