// For the operators of the platform, on the platform's own site.
import { Tenancy, TenantRecord } from '@plinth/sdk/services/tenancy.ts';
import type { Tenants } from '../plugin.ts';
import { CAPABILITIES, ID } from '../self.ts';

export const listTenants = (plugin: Tenants) =>
  plugin.route(
    'GET /tenants',
    {
      auth: 'operator',
      scope: 'tenants:operate',
      summary: 'Every site of the platform',
      query: Tenancy.methods.list.input,
      reply: Tenancy.methods.list.output,
    },
    (ctx, { query }) => ctx.tenancy.list(query),
  );

export const createTenant = (plugin: Tenants) =>
  plugin.route(
    'POST /tenants',
    {
      auth: 'operator',
      scope: 'tenants:operate',
      summary: 'Make a site and the account of its owner; this plugin is on there, and others if named',
      body: Tenancy.methods.create.input,
      reply: TenantRecord,
      status: 201,
    },
    async (ctx, { body }) => {
      const others = (body.plugins ?? []).filter((each) => each.plugin !== ID);
      const plugins = [{ plugin: ID, capabilities: [...CAPABILITIES] }, ...others];
      const made = await ctx.tenancy.create({ ...body, plugins });
      await ctx.audit.write({ action: 'tenant-created', subject: made.id, detail: { slug: made.slug } });
      return made;
    },
  );
