-- A one-time password generator. Its secret is sealed by the kernel's own.
create table totp (
  tenant_id uuid not null,
  account_id uuid not null,
  sealed bytea not null,
  -- Absent: shown, but no code of it was given back yet.
  confirmed_at timestamptz,
  -- Of the last code that was used: none works twice.
  last_step bigint not null default 0,
  primary key (tenant_id, account_id),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);

create table recovery_code (
  tenant_id uuid not null,
  account_id uuid not null,
  mac bytea not null,
  primary key (tenant_id, account_id, mac),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);

create table passkey (
  tenant_id uuid not null,
  -- The authenticator's own, in base64url.
  id text not null,
  account_id uuid not null,
  name text not null,
  -- The one it was made on, and the only one whose pages browsers offer it to.
  host text not null,
  public_key bytea not null,
  counter bigint not null,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index passkey_account on passkey (tenant_id, account_id);

-- Where else people of a site may sign in: an OpenID Connect issuer.
create table identity_provider (
  tenant_id uuid not null references tenant (id),
  id text not null,
  title text not null,
  issuer text not null,
  client_id text not null,
  sealed_secret bytea,
  primary key (tenant_id, id)
);

-- Who somebody is there.
create table identity (
  tenant_id uuid not null,
  provider text not null,
  subject text not null,
  account_id uuid not null,
  created_at timestamptz not null,
  primary key (tenant_id, provider, subject),
  foreign key (tenant_id, provider) references identity_provider (tenant_id, id) on delete cascade,
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index identity_account on identity (tenant_id, account_id);

-- When the person asked to be forgotten.
alter table account add column delete_at timestamptz;
create index account_delete on account (tenant_id, delete_at) where delete_at is not null;
