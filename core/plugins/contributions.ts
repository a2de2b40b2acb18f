import type { Contribution, Plugin } from '@plinth/sdk';

/** @example contributionsOf(plugin, 'route').map(({ path }) => path) */
export const contributionsOf = <K extends Contribution['kind']>(
  { contributions }: Pick<Plugin, 'contributions'>,
  kind: K,
) => contributions.filter((each): each is Extract<Contribution, { kind: K }> => each.kind === kind);
