-- One row per object, from the first byte of its upload on: its size counts against the quotas as long as the row is there.
create table storage_object (
  tenant_id uuid not null,
  id uuid not null,
  -- The plugin that may see it; empty for what a person uploaded before any plugin asked for it.
  plugin text not null,
  account_id uuid,
  purpose text not null default '',
  name text not null default '',
  visibility text not null default 'private' check (visibility in ('private', 'tenant', 'public')),
  bytes bigint not null check (bytes >= 0),
  type text not null default 'application/octet-stream',
  -- open: bytes are coming in. claimed: its blob counts it, the bytes are on their way there. stored: done.
  state text not null default 'open' check (state in ('open', 'claimed', 'stored')),
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  expected_sha256 text,
  expires_at timestamptz,
  -- What `expires_at` becomes once the object is stored.
  keep_until timestamptz,
  created_at timestamptz not null,
  -- Which connection, on any node, may write to it now, and until when unless it says that it lives.
  lease uuid,
  leased_until timestamptz,
  primary key (tenant_id, id),
  check (state = 'open' or sha256 is not null)
);
create index storage_object_account on storage_object (tenant_id, account_id, id);
create index storage_object_plugin on storage_object (tenant_id, plugin, id);
create index storage_object_expires on storage_object (tenant_id, expires_at) where expires_at is not null;

-- The bytes themselves, once per tenant. Never shared across tenants: that two of them hold the same file is nobody's business.
create table storage_blob (
  tenant_id uuid not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  bytes bigint not null,
  refs integer not null check (refs >= 0),
  -- Since when nothing refers to it.
  orphaned_at timestamptz,
  primary key (tenant_id, sha256),
  check ((refs = 0) = (orphaned_at is not null))
);
create index storage_blob_orphans on storage_blob (tenant_id, orphaned_at) where orphaned_at is not null;

-- What is used up: one row for the tenant (owner '') and one per account. Its lock is what makes two uploads take turns.
create table storage_usage (
  tenant_id uuid not null,
  owner text not null,
  bytes bigint not null check (bytes >= 0),
  primary key (tenant_id, owner)
);
