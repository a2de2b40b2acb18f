import type { Slot, SlotEntry } from '@plinth/sdk';
import type { TSchema } from 'typebox';
import type { TenantState } from '../tenancy/state.ts';
import { isEnabled } from '../tenancy/tenancy.ts';
import type { Runtime } from './runtime.ts';

/** What the plugins that are switched on in a tenant put into a slot, in a fixed order. */
export function listSlot(runtime: Runtime, tenant: TenantState, slot: Slot): SlotEntry<TSchema>[] {
  const entries: SlotEntry<TSchema>[] = [];
  for (const loaded of runtime.loaded.values()) {
    if (!isEnabled(tenant, loaded.id)) continue;
    for (const fill of loaded.fills) {
      if (fill.slot.id === slot.id) entries.push({ plugin: loaded.id, id: fill.id, entry: fill.entry as object });
    }
  }
  return entries.sort((a, b) => (a.plugin === b.plugin ? compare(a.id, b.id) : compare(a.plugin, b.plugin)));
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
