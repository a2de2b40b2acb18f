-- A message is a row of the transaction that wanted it. `due_at` is also the lease: whoever takes a message moves it
-- into the future, so a node that dies gives it back by doing nothing.
create table mail_message (
  tenant_id uuid not null,
  id uuid not null,
  address text not null,
  template text not null,
  locale text not null,
  -- Emptied once the message is done: links and codes do not outlive their use.
  data jsonb not null,
  bulk boolean not null,
  once text,
  state text not null default 'queued' check (state in ('queued', 'sent', 'kept', 'suppressed', 'failed')),
  reason text not null default '',
  attempts integer not null default 0,
  due_at timestamptz not null,
  created_at timestamptz not null,
  done_at timestamptz,
  primary key (tenant_id, id)
);
create index mail_message_due on mail_message (bulk, due_at) where state = 'queued';
create index mail_message_failed on mail_message (tenant_id) where state = 'failed';
create index mail_message_done on mail_message (done_at);
create index mail_message_address on mail_message (tenant_id, lower(address));
create unique index mail_message_once on mail_message (tenant_id, once);

-- Addresses that get no mail: a bounce stops all of it, an unsubscription only what nobody asked for.
create table mail_suppression (
  tenant_id uuid not null,
  address text not null check (address = lower(address)),
  reason text not null check (reason in ('bounced', 'unsubscribed')),
  created_at timestamptz not null,
  primary key (tenant_id, address, reason)
);
