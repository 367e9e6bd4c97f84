create schema registry;

create table registry.service (
  id text primary key, -- '<stack>/<service>'
  stack text not null,
  declaration jsonb not null,
  declared_at timestamptz not null
);

-- An instance that is not renewed before its lease ends is no longer vouched for by anyone.
create table registry.instance (
  name text primary key,
  service_id text not null references registry.service (id) on delete cascade,
  facts jsonb not null,
  lease_expires_at timestamptz not null
);
create index instance_service on registry.instance (service_id);
