-- Plugins that were installed or removed while nodes ran. `plinth.config.json` is the base; a row adds to it or overrides it.
create table plugin_source (
  id text primary key,
  -- As written: absolute, or relative to the project.
  directory text not null,
  version text not null,
  state text not null check (state in ('installed', 'removed')),
  -- The database's clock, at its full resolution: by it every node tells what it has seen from what it has not.
  changed_at timestamptz not null default clock_timestamp()
);
comment on table plugin_source is 'platform';
