-- What was made of a video, a sound or a picture: each file under the name by which the others of its set know it. The
-- objects are the plugin's: where one goes, its name goes with it.
create table media_file (
  tenant_id uuid not null,
  media_id uuid not null,
  name text not null,
  plugin text not null,
  object_id uuid not null,
  -- What it is served as.
  type text not null,
  -- What one plays or shows: the others are named in it.
  main boolean not null,
  -- The work has ended well, and the set no longer changes.
  settled boolean not null default false,
  keep_until timestamptz,
  primary key (tenant_id, media_id, name),
  foreign key (tenant_id, object_id) references storage_object (tenant_id, id) on delete cascade
);
create index media_file_object on media_file (tenant_id, object_id);
