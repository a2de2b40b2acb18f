import { type Contribute, collection, definePlugin, pluginHeader } from '@plinth/sdk';
import { Audit } from '@plinth/sdk/services/audit.ts';
import { Storage } from '@plinth/sdk/services/storage.ts';
import { Tenancy } from '@plinth/sdk/services/tenancy.ts';
import { Brand } from './brand.ts';
import { PluginSwitched, SiteChanged } from './contract.ts';
import { putBrand } from './routes/brand.ts';
import { addHost, listHosts, removeHost, verifyHost } from './routes/hosts.ts';
import {
  configurePlugin,
  disablePlugin,
  enablePlugin,
  exportPlugin,
  listPlugins,
  retainPlugin,
} from './routes/plugins.ts';
import { changeSite, getSite } from './routes/site.ts';
import { createTenant, listTenants } from './routes/tenants.ts';
import { CAPABILITIES, ID, MANAGE } from './self.ts';

export const header = pluginHeader({
  id: ID,
  version: '1.0.0',
  kernel: '^1.0.0',
  title: 'Sites',
  summary: 'A site’s name, addresses, looks and plugins; and, on the platform’s own site, the making of sites.',
  needs: { tenancy: Tenancy, audit: Audit, storage: Storage },
  emits: { siteChanged: SiteChanged, pluginSwitched: PluginSwitched },
  capabilities: CAPABILITIES,
  permissions: { [MANAGE.permission]: 'Change the site, its addresses, its looks and its plugins' },
  roles: { manager: [MANAGE.permission] },
  collections: { brand: collection(Brand) },
});

export type Tenants = Contribute<typeof header>;

export default definePlugin({
  ...header,
  contributes: (plugin) => [
    getSite(plugin),
    changeSite(plugin),
    putBrand(plugin),
    listHosts(plugin),
    addHost(plugin),
    verifyHost(plugin),
    removeHost(plugin),
    listPlugins(plugin),
    enablePlugin(plugin),
    disablePlugin(plugin),
    configurePlugin(plugin),
    exportPlugin(plugin),
    retainPlugin(plugin),
    listTenants(plugin),
    createTenant(plugin),
  ],
});
