// What other plugins may use of this one: two facts to hear. Both say what is so now; a repeated request repeats them.
import { event } from '@plinth/sdk';
import { Type } from 'typebox';

export const SitePart = Type.Union([
  Type.Literal('name'),
  Type.Literal('locale'),
  Type.Literal('zone'),
  Type.Literal('hosts'),
  Type.Literal('brand'),
]);

/** Something that every page of the site shows or goes by has changed. */
export const SiteChanged = event('tenants.site-changed@1', Type.Object({ changed: Type.Array(SitePart) }));

/** A plugin was switched on or off in this site. */
export const PluginSwitched = event(
  'tenants.plugin-switched@1',
  Type.Object({ plugin: Type.String(), on: Type.Boolean() }),
);
