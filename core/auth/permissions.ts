// What people may do: permissions declared by the kernel and by plugins, and the roles that bundle them.

export interface RoleFacts {
  readonly name: string;
  readonly title: string;
  readonly permissions: readonly string[];
  /** Built in, made by the tenant, or suggested by a plugin. */
  readonly origin: 'kernel' | 'tenant' | 'plugin';
}

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
  roles(): readonly RoleFacts[];
  /** Everything that some roles, and permissions given otherwise, add up to. Unknown ones add nothing. */
  of(roles: readonly string[], more?: readonly string[]): ReadonlySet<string>;
}

/** The owner's: every permission, also those of plugins that come later. What an admin lacks, so cannot give or take. */
const EVERY = '*';

export function createPermissions(): Permissions {
  const declared = new Map<string, { permissions: Readonly<Record<string, string>>; roles: readonly RoleFacts[] }>();
  let described: Readonly<Record<string, string>> = {};
  let roles: readonly RoleFacts[] = [];

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
      const prefix = owner.startsWith('kernel/') ? 'kernel.' : `${owner}.`;
      const foreign = Object.keys(permissions).find((each) => !each.startsWith(prefix));
      if (foreign !== undefined)
        throw new Error(`${owner} declares the permission "${foreign}": name it "${prefix}…".`);
      const bundles = Object.entries(suggested).map(([name, bundle]): RoleFacts => {
        const unknown = bundle.find((each) => !Object.hasOwn(permissions, each));
        if (unknown !== undefined)
          throw new Error(`The role "${name}" of ${owner} holds "${unknown}", which ${owner} does not declare.`);
        return { name: `${owner}.${name}`, title: name, permissions: bundle, origin: 'plugin' };
      });
      declared.set(owner, { permissions, roles: bundles });
      recompute();
    },
    forget(owner) {
      declared.delete(owner);
      recompute();
    },
    described: () => described,
    roles: () => roles,
    of(names, more = []) {
      const held = roles.filter((role) => names.includes(role.name)).flatMap((role) => role.permissions);
      return new Set([...held, ...more.filter((each) => Object.hasOwn(described, each))]);
    },
  };
}
