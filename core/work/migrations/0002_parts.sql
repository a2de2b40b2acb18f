-- A part of other work, added by whoever does that, so that others help. It is nobody's own: it counts against no quota, nobody
-- is told of it, and it ends when that does.
alter table work add column parent uuid;
create index work_parts on work (tenant_id, parent) where parent is not null;
