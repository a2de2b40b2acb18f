// What this plugin is called and may touch: it is switched on in every site that it makes.

export const ID = 'tenants';

export const CAPABILITIES = ['tenancy:admin', 'audit:write', 'storage:write', 'storage:read'] as const;

/** Lets a person run the site. */
export const MANAGE = { permission: 'tenants.manage' } as const;
