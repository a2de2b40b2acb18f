import { Tenancy } from '@plinth/sdk/services/tenancy.ts';
import { errors } from '../errors.ts';
import type { Tenants } from '../plugin.ts';
import { MANAGE } from '../self.ts';

export const listHosts = (plugin: Tenants) =>
  plugin.route(
    'GET /hosts',
    {
      auth: MANAGE,
      scope: 'tenants:manage',
      summary:
        'The addresses of this site, its own sub-domain first, and the DNS records that those to be verified need',
      reply: Tenancy.methods.hosts.output,
    },
    (ctx) => ctx.tenancy.hosts({}),
  );

export const addHost = (plugin: Tenants) =>
  plugin.route(
    'PUT /hosts/:host',
    { auth: MANAGE, scope: 'tenants:manage', summary: 'Add an address; the site answers to it once it is verified' },
    async (ctx, { params: { host } }) => {
      await ctx.tenancy.addHost({ host });
      await ctx.audit.write({ action: 'host-added', subject: ctx.tenant.id, detail: { host } });
      await ctx.emit.siteChanged({ changed: ['hosts'] });
    },
  );

export const verifyHost = (plugin: Tenants) =>
  plugin.route(
    'POST /hosts/:host/verify',
    {
      auth: MANAGE,
      scope: 'tenants:manage',
      summary: 'Look into DNS whose an address is, and let the site answer to it',
      perMinute: 10,
    },
    async (ctx, { params: { host } }) => {
      await ctx.tenancy.verifyHost({ host });
      await ctx.audit.write({ action: 'host-verified', subject: ctx.tenant.id, detail: { host } });
      await ctx.emit.siteChanged({ changed: ['hosts'] });
    },
  );

export const removeHost = (plugin: Tenants) =>
  plugin.route(
    'DELETE /hosts/:host',
    { auth: MANAGE, scope: 'tenants:manage', summary: 'Take an address away' },
    async (ctx, { params: { host } }) => {
      const [own] = (await ctx.tenancy.hosts({})).items;
      if (host.toLowerCase() === own?.host) throw errors.own_address();
      await ctx.tenancy.removeHost({ host });
      await ctx.audit.write({ action: 'host-removed', subject: ctx.tenant.id, detail: { host } });
      await ctx.emit.siteChanged({ changed: ['hosts'] });
    },
  );
