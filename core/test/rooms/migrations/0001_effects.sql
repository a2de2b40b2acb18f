-- What a consumer or job did, as often as it did it.
create table effect (
  tenant_id uuid not null,
  id bigint generated always as identity,
  cause text not null,
  primary key (tenant_id, id)
);
