-- One book per tenant. Its row is the gate to the book: whoever writes entries holds it until commit, on any node.
create table book (
  tenant_id uuid primary key,
  -- The last entry, its hash and its time: an entry cut off the end is missed here.
  seq bigint not null default 0,
  hash bytea,
  at timestamptz not null default 'epoch',
  -- How many accounts were opened: the number of the last one.
  opened int not null default 0
) with (fillfactor = 50);

-- An account holds one currency: the same name in two currencies is two accounts. Entries and their indexes name
-- it by its number, because text would double them.
create table account (
  tenant_id uuid not null,
  number int not null,
  floor bigint not null,
  -- Both bounds are what JSON integers can say.
  balance bigint not null check (balance >= floor and balance between -9007199254740991 and 9007199254740991),
  currency text not null,
  name text not null,
  primary key (tenant_id, number),
  unique (tenant_id, name, currency)
) with (fillfactor = 50);

-- The entries of all books, numbered in each book without a gap. A post is one or more entries in a row; the first
-- carries its key. Balances after the entry are kept beside it: a balance as of any time is one look-up.
create table transfer (
  tenant_id uuid not null,
  seq bigint not null,
  post bigint not null,
  minor bigint not null check (minor > 0),
  from_balance bigint not null,
  to_balance bigint not null,
  at timestamptz not null,
  reverses bigint,
  from_account int not null,
  to_account int not null check (from_account <> to_account),
  hold uuid,
  kind text not null check (kind in ('post', 'hold', 'capture', 'release', 'expire', 'reverse')),
  -- `<who>/<idempotency key>`, and a digest of what was asked, to tell a replay from another post under a used key.
  key text,
  digest bytea,
  ref text,
  memo text,
  -- Over this entry and the hash before it.
  hash bytea not null,
  -- Also the fence: of two nodes that number an entry alike, one fails.
  primary key (tenant_id, seq)
);
create unique index transfer_key on transfer (tenant_id, key) where key is not null;
create unique index transfer_reverses on transfer (tenant_id, reverses) where reverses is not null;
create index transfer_from on transfer (tenant_id, from_account, seq);
create index transfer_to on transfer (tenant_id, to_account, seq);
comment on table transfer is 'append-only';

-- Money set aside: it lies on the account `<name>/held` until it is captured, released or expired, once.
create table hold (
  tenant_id uuid not null,
  id uuid not null,
  account int not null,
  minor bigint not null,
  expires_at timestamptz not null,
  state text not null default 'open' check (state in ('open', 'capture', 'release', 'expire')),
  primary key (tenant_id, id)
);
create index hold_open on hold (expires_at) where state = 'open';

create function refuse() returns trigger language plpgsql as $$
begin
  raise exception 'ledger.% only grows: what is wrong is reversed by a new post', tg_table_name;
end $$;
create trigger append_only before update or delete or truncate on transfer execute function refuse();
create trigger kept before delete or truncate on book execute function refuse();
create trigger kept before delete or truncate on account execute function refuse();
create trigger kept before delete or truncate on hold execute function refuse();
create trigger settled_once before update on hold for each row when (old.state <> 'open') execute function refuse();

-- The last entry of a book at or before a time. Entries have no gaps and times never run back, so it halves its way.
create function last_entry(book uuid, before timestamptz) returns bigint language plpgsql stable as $$
declare
  low bigint := 0;
  high bigint := coalesce((select seq from ledger.book where tenant_id = book), 0);
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select at from ledger.transfer where tenant_id = book and seq = middle) <= before then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;

-- The balance of an account as it stood after an entry of its book.
create function balance_after(book uuid, account int, entry bigint) returns bigint language sql stable as $$
  select coalesce((
    select balance from (
      (select seq, from_balance as balance from ledger.transfer
        where tenant_id = book and from_account = account and seq <= entry order by seq desc limit 1)
      union all
      (select seq, to_balance from ledger.transfer
        where tenant_id = book and to_account = account and seq <= entry order by seq desc limit 1)
    ) as last order by seq desc limit 1), 0)
$$;
