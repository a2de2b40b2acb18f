// What people may do: permissions declared by the kernel and by plugins, and the roles that bundle them.
import type { Role } from './roles.ts';

export interface Permissions {
  /** Takes the place of what the owner declared before. Its permissions are named `<owner>.<what>`. */
  declare(
    owner: string,
    permissions: Readonly<Record<string, string>>,
    roles?: Readonly<Record<string, readonly string[]>>,
  ): void;
  forget(owner: string): void;
  /** Permission → what it lets a person do. */
  described(): Readonly<Record<string, string>>;
  roles(): readonly Role[];
  /** Everything that some roles, and permissions given otherwise, add up to. Unknown ones add nothing. */
  of(roles: readonly string[], more: readonly string[]): ReadonlySet<string>;
}

/** The owner's: every permission, also those of plugins that come later. What an admin lacks, so cannot give or take. */
const EVERY = '*';

export function createPermissions(): Permissions {
  const declared = new Map<string, { permissions: Readonly<Record<string, string>>; roles: readonly Role[] }>();
  let described: Readonly<Record<string, string>> = {};
  let roles: readonly Role[] = [];

  function recompute(): void {
    described = Object.assign({}, ...[...declared.values()].map((each) => each.permissions));
    const everything = Object.keys(described);
    roles = [
      { name: 'owner', title: 'Owner', permissions: [EVERY, ...everything], origin: 'kernel' },
      { name: 'admin', title: 'Admin', permissions: everything, origin: 'kernel' },
      { name: 'member', title: 'Member', permissions: [], origin: 'kernel' },
      ...[...declared.values()].flatMap((each) => each.roles),
    ];
  }

  return {
    declare(owner, permissions, suggested = {}) {
      // The host has checked that a plugin names and bundles only its own; this keeps the kernel's out of its reach.
      const prefix = owner.startsWith('kernel/') ? 'kernel.' : `${owner}.`;
      const mine = (names: readonly string[]) => names.filter((name) => name.startsWith(prefix));
      const own = Object.fromEntries(mine(Object.keys(permissions)).map((name) => [name, permissions[name] ?? '']));
      const bundles = Object.entries(suggested).map(([name, bundle]): Role => {
        return { name: `${owner}.${name}`, title: name, permissions: mine(bundle), origin: 'plugin' };
      });
      declared.set(owner, { permissions: own, roles: bundles });
      recompute();
    },
    forget(owner) {
      declared.delete(owner);
      recompute();
    },
    described: () => described,
    roles: () => roles,
    of(names, more) {
      const held = roles.filter((role) => names.includes(role.name)).flatMap((role) => role.permissions);
      return new Set([...held, ...more.filter((each) => Object.hasOwn(described, each))]);
    },
  };
}
