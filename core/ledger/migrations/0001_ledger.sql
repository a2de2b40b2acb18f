-- One book per tenant. Its row is the gate to the book: whoever writes entries holds it until commit, on any node.
create table book (
  tenant_id uuid primary key,
  -- The last entry, its hash and its time: an entry cut off the end is missed here.
  seq bigint not null default 0,
  hash bytea,
  at timestamptz not null default 'epoch'
) with (fillfactor = 50);

-- An account holds one currency: the same name in two currencies is two accounts. Entries and their indexes name
-- it by its number, because text would double them; no other book has the same number, so that an index need not name
-- the book as well. Its balance stands beside its last entry, not here.
create sequence account_number;
create table account (
  tenant_id uuid not null,
  number bigint not null,
  currency text not null,
  name text not null,
  primary key (tenant_id, number),
  unique (tenant_id, name, currency)
);
comment on table account is 'append-only';

-- The entries of all books, numbered in each book without a gap. A post is one or more entries in a row; the first
-- carries its key. Balances after the entry are kept beside it: there is no balance to update, and the balance as of
-- any time is a look-up.
create table transfer (
  tenant_id uuid not null,
  seq bigint not null,
  post bigint not null,
  minor bigint not null check (minor > 0),
  -- What JSON integers can say.
  from_balance bigint not null check (from_balance >= -9007199254740991),
  to_balance bigint not null check (to_balance <= 9007199254740991),
  at timestamptz not null,
  reverses bigint,
  from_account bigint not null,
  to_account bigint not null check (from_account <> to_account),
  hold uuid,
  kind text not null check (kind in ('post', 'hold', 'capture', 'release', 'expire', 'reverse')),
  -- `<who>/<idempotency key>`
  key text,
  ref text,
  memo text,
  -- Over this entry and the hash before it.
  hash bytea not null,
  primary key (tenant_id, seq)
);
create unique index transfer_key on transfer (tenant_id, key) where key is not null;
create unique index transfer_reverses on transfer (tenant_id, reverses) where reverses is not null;
create index transfer_from on transfer (from_account, seq);
create index transfer_to on transfer (to_account, seq);
comment on table transfer is 'append-only';

-- Money set aside: it lies on the account `<name>/held` until it is captured, released or expired, once.
create table hold (
  tenant_id uuid not null,
  id uuid not null,
  account bigint not null,
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
create trigger append_only before update or delete or truncate on account execute function refuse();
create trigger kept before delete or truncate on hold execute function refuse();
create trigger settled_once before update on hold for each row when (old.state <> 'open') execute function refuse();

-- Adds entries to books. Each book must end with the entry that its writer built on (`before`, null in an empty book):
-- if another writer went on with it meanwhile, nothing is written. One call, because a batch's cost is its statements;
-- columns that say the usual in every row are left empty, because most of the rest is reading them.
create function append(
  books uuid[], before bytea[], hashes bytea[], seqs bigint[], times timestamptz[],
  tenant_id uuid[], seq bigint[], post bigint[], minor bigint[], from_balance bigint[], to_balance bigint[],
  at timestamptz[], reverses bigint[], from_account bigint[], to_account bigint[], hold uuid[], kind text[], key text[],
  ref text[], memo text[], hash bytea[]
) returns void language plpgsql
-- A plan for the arrays at hand would be no better, and made anew for each small batch.
set plan_cache_mode = force_generic_plan as $$
#variable_conflict use_column
declare
  fitting bigint;
begin
  if cardinality(books) > 1 then
    -- In one order, so that no two writers wait for each other.
    perform from ledger.book where tenant_id = any(books) order by tenant_id for update;
  end if;
  update ledger.book set seq = now.seq, hash = now.hash, at = now.at
    from unnest(books, before, hashes, seqs, times) as now (tenant_id, before, hash, seq, at)
    where book.tenant_id = now.tenant_id and book.hash is not distinct from now.before;
  get diagnostics fitting = row_count;
  if fitting < cardinality(books) then
    raise exception 'another writer went on with the book' using errcode = 'PLG01';
  end if;
  insert into ledger.transfer (tenant_id, seq, post, minor, from_balance, to_balance, at, reverses, from_account,
    to_account, hold, kind, key, ref, memo, hash)
  select coalesce(tenant_id, books[1]), seq, coalesce(post, seq), minor, from_balance, to_balance,
    coalesce(at, times[1]), reverses, from_account, to_account, hold, coalesce(kind, 'post'), key, ref, memo, hash
  from (select unnest($6) as tenant_id, unnest($7) as seq, unnest($8) as post, unnest($9) as minor,
    unnest($10) as from_balance, unnest($11) as to_balance, unnest($12) as at, unnest($13) as reverses,
    unnest($14) as from_account, unnest($15) as to_account, unnest($16) as hold, unnest($17) as kind,
    unnest($18) as key, unnest($19) as ref, unnest($20) as memo, unnest($21) as hash) as entry;
end $$;

-- The last entry of a book at or before a time. Entries have no gaps and times never run back, so it halves its way.
create function last_entry(tenant uuid, before timestamptz) returns bigint language plpgsql stable as $$
declare
  low bigint := 0;
  high bigint := coalesce((select seq from ledger.book where tenant_id = tenant), 0);
  middle bigint;
begin
  while low < high loop
    middle := (low + high + 1) / 2;
    if (select at from ledger.transfer where tenant_id = tenant and seq = middle) <= before then
      low := middle;
    else
      high := middle - 1;
    end if;
  end loop;
  return low;
end $$;

-- The balance of an account now, or as it stood after an entry of its book.
create function balance_after(tenant uuid, account bigint, entry bigint default 9223372036854775807) returns bigint language sql stable as $$
  select coalesce((
    select balance from (
      (select seq, from_balance as balance from ledger.transfer
        where tenant_id = tenant and from_account = account and seq <= entry order by seq desc limit 1)
      union all
      (select seq, to_balance from ledger.transfer
        where tenant_id = tenant and to_account = account and seq <= entry order by seq desc limit 1)
    ) as last order by seq desc limit 1), 0)
$$;
