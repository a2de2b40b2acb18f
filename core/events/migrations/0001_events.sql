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
comment on table outbox is 'plugins insert';
