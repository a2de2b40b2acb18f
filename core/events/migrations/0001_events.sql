-- Facts wait here in the transaction that made them. `xid` lets the relay read in commit order: rows at or above the
-- oldest running transaction may still be joined by earlier ones.
create table outbox (
  tenant_id uuid not null,
  id uuid not null,
  xid xid8 not null default pg_current_xact_id(),
  seq bigint generated always as identity,
  event text not null,
  payload jsonb not null,
  -- Who made it happen, and in which request: carried into the consumer's ctx and logs.
  actor jsonb not null default '{"kind":"system"}',
  request_id text not null default '',
  created_at timestamptz not null default now(),
  primary key (tenant_id, id)
);
create index outbox_order on outbox (xid, seq);
create index outbox_age on outbox using brin (created_at);
comment on table outbox is 'plugins insert';

-- Up to where the outbox has been fanned out. One row.
create table relay_cursor (
  one boolean primary key default true check (one),
  xid xid8 not null default '0',
  seq bigint not null default 0
);
insert into relay_cursor default values;
comment on table relay_cursor is 'platform';

-- Who consumes what, kept so that a consumer whose node is away still gets its events. `consumer` is `plugin/id`.
create table subscription (
  consumer text primary key,
  event text not null,
  seen_at timestamptz not null
);
comment on table subscription is 'platform';

-- One event on its way to one consumer. Delivered rows are removed: the inbox remembers them.
create table delivery (
  tenant_id uuid not null,
  event_id uuid not null,
  consumer text not null,
  state text not null default 'waiting' check (state in ('waiting', 'dead')),
  attempt integer not null default 0,
  due_at timestamptz not null,
  -- The node that has it in hand.
  worker uuid,
  error text,
  primary key (tenant_id, event_id, consumer)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
create index delivery_due on delivery (due_at) where state = 'waiting' and worker is null;
create index delivery_in_hand on delivery (worker) where worker is not null;
create index delivery_dead on delivery (tenant_id, due_at) where state = 'dead';

-- What a consumer has handled. Written in the transaction of its effect, so the effect happens once.
create table inbox (
  tenant_id uuid not null,
  consumer text not null,
  event_id uuid not null,
  handled_at timestamptz not null default now(),
  primary key (tenant_id, consumer, event_id)
);
create index inbox_age on inbox using brin (handled_at);
comment on table inbox is 'plugins insert';

-- Nodes that say every second that they live. What a silent one had in hand goes to others.
create table member (
  id uuid primary key,
  room text not null,
  -- Looks of the leader since the last sign of life.
  silent integer not null default 0
);
comment on table member is 'platform';
