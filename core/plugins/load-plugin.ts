import type { Plugin } from '@plinth/sdk';
import { checkOf } from '../schemas.ts';
import type { TenantState } from '../tenancy/state.ts';
import { contextClass } from './context-class.ts';
import { contributionsOf } from './contributions.ts';
import type { Loaded, Runtime } from './runtime.ts';

/** Prepares a plugin that was found valid: its ctx class, and its contributions by kind. */
export function loadPlugin(runtime: Runtime, plugin: Plugin): Loaded {
  const { header } = plugin;
  const settingsOf = settingsReader(plugin);
  return {
    plugin,
    id: header.id,
    Context: contextClass(runtime, header, settingsOf),
    capabilities: new Set(header.capabilities),
    provides: new Map(contributionsOf(plugin, 'provide').map((each) => [each.service.id, each])),
    extensions: contributionsOf(plugin, 'extend'),
    fills: contributionsOf(plugin, 'fill'),
    settingsOf,
  };
}

/** A tenant's settings with the defaults of this version filled in, made once per state of the tenant. */
function settingsReader({ header }: Plugin): Loaded['settingsOf'] {
  const made = new WeakMap<TenantState, unknown>();
  return (tenant) => {
    const known = made.get(tenant);
    if (known !== undefined) return known;
    const settings: unknown = structuredClone(tenant.plugins.get(header.id)?.settings ?? {});
    // Settings that an older version accepted and this one refuses fall back to the defaults, whole.
    const usable = header.settings && checkOf(header.settings)(settings) ? filled(header.settings) : settings;
    made.set(tenant, usable);
    return usable;
  };
}

function filled(schema: object): unknown {
  const settings = {};
  checkOf(schema)(settings);
  return settings;
}
