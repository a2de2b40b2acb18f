-- The documents of one plugin. Made by the kernel in the schema of each plugin that declares collections.
create table document (
  tenant_id uuid not null,
  collection text not null,
  id text not null collate "C",
  version integer not null default 1,
  value jsonb not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  primary key (tenant_id, collection, id)
);

create table document_index (
  tenant_id uuid not null,
  collection text not null,
  field text not null,
  value text not null collate "C",
  id text not null collate "C",
  primary key (tenant_id, collection, field, value, id),
  foreign key (tenant_id, collection, id) references document (tenant_id, collection, id) on delete cascade
);
create index document_index_of on document_index (tenant_id, collection, id);
