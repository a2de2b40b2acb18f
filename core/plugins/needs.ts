// Which plugin needs which: when one is installed or removed, and when one is switched in a tenant.
import type { Plugin } from '@plinth/sdk';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import { contributionsOf } from './contributions.ts';
import { type Node, orderPlugins } from './order.ts';
import type { Loaded } from './runtime.ts';
import { validatePlugin } from './validate-plugin.ts';

/** A plugin as the order sees it. */
export function nodeOf(plugin: Plugin): Node {
  const needs = Object.values(plugin.header.needs ?? {}).flatMap((need) =>
    need.kind === 'service'
      ? [{ service: need.id, optional: false }]
      : need.kind === 'optional'
        ? [{ service: need.service.id, optional: true }]
        : [],
  );
  const provides = contributionsOf(plugin, 'provide').map((each) => each.service.id);
  return { id: plugin.header.id, provides, needs };
}

/** Why a plugin cannot join the others, or take the place of its older self among them; nothing when it can. */
export function misfit(plugin: Plugin, among: readonly Plugin[], offered: ReadonlySet<string>): string | undefined {
  const { id } = plugin.header;
  const wrong = validatePlugin(plugin);
  if (wrong.length > 0) return `${id} cannot be installed: ${wrong.join('; ')}.`;
  const others = among.filter(({ header }) => header.id !== id);
  // Another one is refused when this version provides no more what that one needs.
  for (const [who, reason] of orderPlugins([...others, plugin].map(nodeOf), offered).refused)
    return `${id} cannot be installed: ${who === id ? '' : `of ${who}, `}${reason}.`;
  return undefined;
}

/** The plugin that keeps another one from being removed: it cannot be without what that one provides. */
export function dependentOn(id: string, among: readonly Plugin[]): string | undefined {
  const provider = among.find(({ header }) => header.id === id);
  return among.find((each) => each !== provider && provider && needs(each, nodeOf(provider).provides))?.header.id;
}

/** Whether switching a plugin off in a tenant would leave another without what it must have. */
export function dependentsIn(tenant: TenantState, loaded: ReadonlyMap<string, Loaded>, id: string): string[] {
  const provided = [...(loaded.get(id)?.provides.keys() ?? [])];
  return [...loaded.values()]
    .filter((each) => each.id !== id && isEnabled(tenant, each.id) && needs(each.plugin, provided))
    .map((each) => each.id);
}

/** The plugins that must be on before this one can be. */
export function prerequisitesIn(
  tenant: Pick<TenantState, 'active' | 'enabled'>,
  loaded: ReadonlyMap<string, Loaded>,
  plugin: Plugin,
): string[] {
  return [...loaded.values()]
    .filter((each) => !isEnabled(tenant, each.id) && needs(plugin, [...each.provides.keys()]))
    .map((each) => each.id);
}

function needs(plugin: Plugin, provided: readonly string[]): boolean {
  return nodeOf(plugin).needs.some(({ service, optional }) => !optional && provided.includes(service));
}
