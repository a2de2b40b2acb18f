import { Type } from 'typebox';
import { Brand, DEFAULT_BRAND } from '../brand.ts';
import type { Tenants } from '../plugin.ts';
import { MANAGE } from '../self.ts';
import { BRAND } from './brand.ts';

const name = Type.String({ minLength: 1, maxLength: 120 });
const locale = Type.String({ maxLength: 35, description: 'A language tag: "en", "pt-BR".' });
const zone = Type.String({ maxLength: 64, description: 'IANA time zone.' });

const Facts = Type.Object({ slug: Type.String(), name, locale, zone });

export const getSite = (plugin: Tenants) =>
  plugin.route(
    'GET /site',
    {
      auth: 'public',
      summary: 'What everybody may know of this site',
      reply: Type.Object({ ...Facts.properties, brand: Brand }),
    },
    async (ctx) => {
      const { slug, name, locale, zone } = ctx.tenant;
      const brand = await ctx.store.brand.get(BRAND);
      return { slug, name, locale, zone, brand: brand?.value ?? DEFAULT_BRAND };
    },
  );

export const changeSite = (plugin: Tenants) =>
  plugin.route(
    'PATCH /site',
    {
      auth: MANAGE,
      scope: 'tenants:manage',
      summary: 'Change the name, language or time zone',
      body: Type.Object(
        { name: Type.Optional(name), locale: Type.Optional(locale), zone: Type.Optional(zone) },
        { minProperties: 1 },
      ),
      reply: Facts,
    },
    async (ctx, { body }) => {
      const { slug, name, locale, zone } = await ctx.tenancy.rename(body);
      const changed = (['name', 'locale', 'zone'] as const).filter((part) => body[part] !== undefined);
      await ctx.audit.write({ action: 'site-changed', subject: ctx.tenant.id, detail: body });
      await ctx.emit.siteChanged({ changed });
      return { slug, name, locale, zone };
    },
  );
