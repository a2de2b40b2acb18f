-- Heavy work that is done in processes of its own: renders, transcodes, analyses. These rows are the queue.
create table work (
  tenant_id uuid not null,
  id uuid not null,
  -- `renders.render`: the room, and what it does.
  kind text not null,
  room text not null generated always as (split_part(kind, '.', 1)) stored,
  plugin text not null,
  account_id uuid,
  -- Who waits in line: a person, or the site itself.
  owner text not null generated always as (coalesce(account_id::text, 'site')) stored,
  -- A second submission with the same key finds this one, while it is not failed or cancelled.
  key text,
  -- What is to be done, to the letter: jsonb would refuse some texts. Forgotten when it has ended: sources and data may be
  -- large, and nobody asks for them again.
  spec json,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  -- Waits for its plugin to be switched on.
  parked boolean not null default false,
  cancelling boolean not null default false,
  -- Counts up with each start and never down: with the worker's name it tells whose this is.
  attempts integer not null default 0,
  -- Starts that do not count, because the node stopped in good order.
  forgiven integer not null default 0,
  worker uuid,
  progress real not null default 0,
  note text,
  -- Frames a second, and seconds that are left.
  fps real,
  seconds_left real,
  -- Of output, as counted against the quotas of the day on which it began.
  seconds double precision not null default 0,
  error jsonb,
  result jsonb,
  request_id text not null default '',
  created_at timestamptz not null,
  started_at timestamptz,
  finished_at timestamptz,
  primary key (tenant_id, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create unique index work_key on work (tenant_id, plugin, kind, key)
  where key is not null and state in ('waiting', 'running', 'done');
create index work_waiting on work (tenant_id, owner, id) where state = 'waiting' and not parked;
create index work_parked on work (tenant_id, plugin) where state = 'waiting' and parked;
create index work_running on work (worker) where state = 'running';
create index work_open on work (tenant_id, room) where state in ('waiting', 'running');
create index work_day on work (tenant_id, room, started_at) where seconds > 0;
create index work_age on work using brin (finished_at);

-- When the site (owner '') and each of those who wait in it was served last, in turns that have been given out. The
-- lock on the site's row is what makes two submissions take turns at its quota.
create table work_share (
  tenant_id uuid not null,
  owner text not null,
  turn bigint not null default 0,
  primary key (tenant_id, owner)
);
create sequence work_turn;
