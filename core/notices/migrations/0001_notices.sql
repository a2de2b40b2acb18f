create table notice (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  kind text not null,
  data jsonb not null,
  link text,
  -- Whether it is listed in the page: it may have been meant for push or mail alone.
  shown boolean not null,
  once text,
  created_at timestamptz not null,
  read_at timestamptz,
  primary key (tenant_id, id)
);
create index notice_of_account on notice (tenant_id, account_id, id) where shown;
create unique index notice_once on notice (tenant_id, account_id, once);
create index notice_age on notice (tenant_id, created_at);

create table notice_preference (
  tenant_id uuid not null,
  account_id uuid not null,
  kind text not null,
  channels text[] not null,
  primary key (tenant_id, account_id, kind)
);

-- Between these two times of day, in the person's zone, nothing rings.
create table notice_quiet (
  tenant_id uuid not null,
  account_id uuid not null,
  starts text not null,
  ends text not null,
  zone text not null,
  primary key (tenant_id, account_id)
);

create table push_subscription (
  tenant_id uuid not null,
  id uuid not null,
  account_id uuid not null,
  -- It rings as long as the sign-in lasts: a browser that somebody has signed out of tells the next one nothing.
  session_id uuid not null,
  endpoint text not null,
  p256dh text not null,
  auth text not null,
  created_at timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, session_id) references session (tenant_id, id) on delete cascade
);
create index push_subscription_of_session on push_subscription (tenant_id, session_id);
-- A browser has one subscription, and it is whoever's signed in there last.
create unique index push_subscription_endpoint on push_subscription (tenant_id, endpoint);
create index push_subscription_of_account on push_subscription (tenant_id, account_id, id);
