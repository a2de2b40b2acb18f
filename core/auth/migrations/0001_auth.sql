-- Accounts belong to one tenant: the same person on two sites has two accounts, and neither site can learn of the other.
create table account (
  tenant_id uuid not null references tenant (id),
  id uuid not null,
  -- Lower case. Gone once the account is deleted.
  email text,
  email_verified_at timestamptz,
  -- Absent: signs in by passkey or through a provider only.
  password_hash text,
  display_name text not null,
  locale text,
  zone text,
  state text not null default 'active' check (state in ('active', 'suspended', 'deleted')),
  -- Means something in the platform's own tenant only.
  operator boolean not null default false,
  birth_date date,
  age_verified_at timestamptz,
  verification text not null default 'none' check (verification in ('none', 'pending', 'verified', 'rejected')),
  created_at timestamptz not null,
  primary key (tenant_id, id)
);
create unique index account_email on account (tenant_id, email);

-- One sign-in on one device, and the family of refresh tokens that descends from it. Ended by deleting the row.
create table session (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  refresh_sha256 bytea not null,
  rotated_at timestamptz not null,
  expires_at timestamptz not null,
  method text not null,
  user_agent text not null,
  address text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index session_account on session (tenant_id, account_id);

-- Several may live side by side: a refresh in one tab must not end the token that another tab is using.
create table access_token (
  tenant_id uuid not null,
  sha256 bytea not null,
  session_id uuid not null,
  expires_at timestamptz not null,
  primary key (tenant_id, sha256),
  foreign key (tenant_id, session_id) references session (tenant_id, id) on delete cascade
);
create index access_token_session on access_token (tenant_id, session_id);

create table api_key (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  name text not null,
  sha256 bytea not null,
  scopes text[] not null,
  expires_at timestamptz,
  last_used_at timestamptz,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index api_key_account on api_key (tenant_id, account_id);

-- What was sent by mail or handed to a browser, to be shown again once.
create table one_time_token (
  tenant_id uuid not null,
  sha256 bytea not null,
  purpose text not null,
  account_id uuid,
  data jsonb not null default '{}',
  expires_at timestamptz not null,
  primary key (tenant_id, sha256),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index one_time_token_account on one_time_token (tenant_id, account_id, purpose);

-- Roles that the tenant made itself, and what it gives to every member.
create table role (
  tenant_id uuid not null,
  name text not null,
  title text not null,
  permissions text[] not null,
  primary key (tenant_id, name)
);

-- A role may be built in, the tenant's own or suggested by a plugin, so its name refers to no table.
create table account_role (
  tenant_id uuid not null,
  account_id uuid not null,
  role text not null,
  granted_at timestamptz not null,
  primary key (tenant_id, account_id, role),
  foreign key (tenant_id, account_id) references account (tenant_id, id)
);
create index account_role_role on account_role (tenant_id, role);

-- Failed attempts, by what was guessed at and by where it came from.
create table attempt (
  tenant_id uuid not null,
  key text not null,
  failures integer not null,
  blocked_until timestamptz not null,
  attempted_at timestamptz not null,
  primary key (tenant_id, key)
);

-- What cannot be changed must hold nothing that has to be forgotten: ids, and networks instead of addresses.
create table audit (
  tenant_id uuid not null,
  id uuid not null,
  at timestamptz not null,
  actor_kind text not null,
  actor_id uuid,
  action text not null,
  subject text not null,
  detail jsonb not null default '{}',
  network text not null default '',
  request_id text not null default '',
  primary key (tenant_id, id)
);
create index audit_subject on audit (tenant_id, subject, id);
comment on table audit is 'append-only';
