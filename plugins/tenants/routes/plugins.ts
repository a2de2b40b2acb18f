// The switchboard of a site. The event is told by every good request, also where nothing changed: so a request that was
// cut off before it is mended by repeating it.
import type { ContextOf } from '@plinth/sdk';
import { PluginExport, Retention, TenantPlugin } from '@plinth/sdk/services/tenancy.ts';
import { Type } from 'typebox';
import { errors } from '../errors.ts';
import type { header, Tenants } from '../plugin.ts';
import { ID, MANAGE } from '../self.ts';

const access = { auth: MANAGE, scope: 'tenants:manage' } as const;

export const listPlugins = (plugin: Tenants) =>
  plugin.route(
    'GET /plugins',
    {
      ...access,
      summary: 'Every plugin: its state, what it wants to touch and may, its settings and their schema',
      reply: Type.Object({ items: Type.Array(TenantPlugin) }),
    },
    (ctx) => ctx.tenancy.plugins({}),
  );

export const enablePlugin = (plugin: Tenants) =>
  plugin.route(
    'PUT /plugins/:plugin',
    {
      ...access,
      summary: 'Switch a plugin on, and consent to what it may touch',
      body: Type.Object({ capabilities: Type.Array(Type.String({ maxLength: 200 }), { maxItems: 100 }) }),
      reply: TenantPlugin,
    },
    async (ctx, { params, body: { capabilities } }) => {
      await ctx.tenancy.enable({ plugin: params.plugin, capabilities });
      const now = await stateOf(ctx, params.plugin);
      await ctx.audit.write({ action: 'plugin-enabled', subject: now.plugin, detail: { capabilities: now.granted } });
      await ctx.emit.pluginSwitched({ plugin: now.plugin, on: true });
      return now;
    },
  );

export const disablePlugin = (plugin: Tenants) =>
  plugin.route('DELETE /plugins/:plugin', { ...access, summary: 'Switch a plugin off' }, async (ctx, { params }) => {
    if (params.plugin === ID) throw errors.own_switch();
    await ctx.tenancy.disable({ plugin: params.plugin });
    await ctx.audit.write({ action: 'plugin-disabled', subject: params.plugin });
    await ctx.emit.pluginSwitched({ plugin: params.plugin, on: false });
  });

export const configurePlugin = (plugin: Tenants) =>
  plugin.route(
    'PUT /plugins/:plugin/settings',
    {
      ...access,
      summary: 'Set a plugin’s settings; what is left out takes its default',
      body: Type.Record(Type.String(), Type.Unknown()),
      reply: TenantPlugin,
    },
    async (ctx, { params, body }) => {
      await ctx.tenancy.configure({ plugin: params.plugin, settings: body });
      // Settings may hold secrets, and the audit log cannot forget: only that they changed.
      await ctx.audit.write({ action: 'plugin-configured', subject: params.plugin });
      return stateOf(ctx, params.plugin);
    },
  );

export const exportPlugin = (plugin: Tenants) =>
  plugin.route(
    'POST /plugins/:plugin/export',
    {
      ...access,
      summary: 'Hand out everything that a plugin which is off keeps here: a link to lines of JSON, good for a day',
      reply: PluginExport,
    },
    async (ctx, { params }) => {
      const made = await ctx.tenancy.export({ plugin: params.plugin });
      await ctx.audit.write({ action: 'plugin-exported', subject: params.plugin });
      return made;
    },
  );

export const retainPlugin = (plugin: Tenants) =>
  plugin.route(
    'PUT /plugins/:plugin/retention',
    {
      ...access,
      summary: 'Drop what a plugin which is off keeps here, after so many days; switching it on before calls it off',
      body: Type.Object({ days: Type.Integer({ minimum: 1, maximum: 3650, default: 30 }) }),
      reply: Retention,
    },
    async (ctx, { params, body: { days } }) => {
      const made = await ctx.tenancy.retain({ plugin: params.plugin, days });
      await ctx.audit.write({ action: 'plugin-retained', subject: params.plugin, detail: { until: made.until } });
      return made;
    },
  );

async function stateOf({ tenancy }: Pick<ContextOf<typeof header>, 'tenancy'>, plugin: string): Promise<TenantPlugin> {
  const found = (await tenancy.plugins({})).items.find((each) => each.plugin === plugin);
  // It was removed from the platform in this very moment.
  if (!found) throw errors.plugin_gone();
  return found;
}
