-- A tenant is a branded site. Its slug is a sub-domain, so it is unique on the platform.
create table tenant (
  id uuid primary key,
  slug text not null unique check (slug ~ '^[a-z][a-z0-9-]{1,38}[a-z0-9]$'),
  name text not null,
  locale text not null default 'en',
  zone text not null default 'UTC',
  -- The platform's own tenant: its operators run all the others.
  platform boolean not null default false,
  state text not null default 'active' check (state in ('active', 'suspended', 'deleted')),
  -- Host names of other sites whose pages may call this tenant's API.
  origins text[] not null default '{}',
  created_at timestamptz not null default now()
);
create unique index tenant_one_platform on tenant (platform) where platform;

create table host (
  tenant_id uuid not null references tenant (id),
  host text not null,
  -- What the owner of the domain puts into its DNS. A claim leads nowhere until that was found there.
  proof uuid not null default gen_random_uuid(),
  verified_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (tenant_id, host)
);
-- One address leads to one tenant, and only the kernel can probe whose it is. A claim keeps nobody from proving theirs.
create unique index host_verified on host (host) where verified_at is not null;

-- Which plugins a tenant has switched on, with what settings, and what it let them do.
create table tenant_plugin (
  tenant_id uuid not null references tenant (id),
  plugin text not null,
  version text not null,
  state text not null check (state in ('enabled', 'disabled', 'exported', 'retained')),
  settings jsonb not null default '{}',
  capabilities text[] not null default '{}',
  retained_until timestamptz,
  changed_at timestamptz not null default now(),
  primary key (tenant_id, plugin)
);
