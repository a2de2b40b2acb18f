-- Every run of a job, from the transaction that enqueued it. This is the truth; the queue (BullMQ on PostgreSQL or
-- Redis) only spreads runs over nodes, and may forget everything.
create table job_run (
  tenant_id uuid not null,
  id uuid not null,
  plugin text not null,
  job text not null,
  -- A second enqueue with the same key finds this run, while it is not failed or cancelled.
  key text,
  data jsonb not null,
  state text not null default 'waiting' check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
  -- Counts up with each start and never down: with the worker's name it tells whose run this is.
  attempts integer not null default 0,
  -- Starts that do not count: before a retry by hand, or because the node stopped.
  forgiven integer not null default 0,
  cancelling boolean not null default false,
  progress real not null default 0,
  note text,
  error text,
  -- Infinity: parked, until its plugin is switched on and known to a node.
  run_at timestamptz not null,
  pushed_at timestamptz,
  worker uuid,
  actor jsonb not null default '{"kind":"system"}',
  request_id text not null default '',
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  primary key (tenant_id, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create unique index job_run_key on job_run (tenant_id, plugin, job, key)
  where key is not null and state in ('waiting', 'running', 'done');
create index job_run_due on job_run (run_at) where state = 'waiting' and pushed_at is null;
create index job_run_pushed on job_run (pushed_at) where state = 'waiting' and pushed_at is not null;
create index job_run_running on job_run (worker) where state = 'running';
create index job_run_failed on job_run (tenant_id, id) where state = 'failed';
create index job_run_age on job_run using brin (finished_at);
comment on table job_run is 'plugins insert';

-- Results of finished steps, so that a run that is started again does not repeat them.
create table job_step (
  tenant_id uuid not null,
  run_id uuid not null,
  name text not null,
  -- { "value": … }, or {} for undefined.
  result jsonb not null,
  primary key (tenant_id, run_id, name),
  foreign key (tenant_id, run_id) references job_run (tenant_id, id) on delete cascade
);
comment on table job_step is 'plugins insert';

-- When a repeated job is due next in a tenant.
create table job_schedule (
  tenant_id uuid not null,
  plugin text not null,
  job text not null,
  next_due timestamptz not null,
  primary key (tenant_id, plugin, job)
);
create index job_schedule_due on job_schedule (next_due);
