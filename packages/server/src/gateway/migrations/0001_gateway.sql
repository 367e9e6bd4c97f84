create schema gateway;

-- The whole configuration of the data plane; one row, replaced as a whole.
create table gateway.snapshot (
  singleton boolean primary key default true check (singleton),
  revision bigint not null,
  content jsonb not null -- documents are named by their digest
);

-- Documents of the snapshot, apart from it: they are large and change seldom, endpoints often.
create table gateway.document_content (
  digest text primary key,
  content jsonb not null
);

-- What each gateway process has in effect, and has counted since it started.
create table gateway.node (
  id text primary key,
  updated_at timestamptz not null,
  revision bigint not null, -- of the snapshot it has applied
  in_flight jsonb not null, -- requests and WebSockets under way, by instance
  counters jsonb not null,
  problems jsonb not null,
  metrics text not null -- Prometheus text, handed on by the platform
);
