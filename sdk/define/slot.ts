import type { Static, TSchema } from 'typebox';

/** A place that other plugins fill with data: pages, actions, navigation, commands. */
export interface Slot<S extends TSchema = TSchema> {
  readonly kind: 'slot';
  readonly id: string;
  readonly entry: S;
}

/** One plugin's entry in a slot, as its reader sees it. */
export interface SlotEntry<S extends TSchema> {
  readonly plugin: string;
  readonly id: string;
  readonly entry: Static<S>;
}

/**
 * @example
 * export const Amounts = slot('tip-jar.amounts@1', Type.Object({ points: Type.Integer(), label: Type.String() }));
 */
export function slot<const S extends TSchema>(id: string, entry: S): Slot<S> {
  return { kind: 'slot', id, entry };
}
