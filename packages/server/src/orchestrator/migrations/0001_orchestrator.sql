create schema orchestrator;

-- What is to run. `removing` survives a crash in the middle of a removal, `removing_volumes` says
-- whether volumes and databases are to go with it.
create table orchestrator.stack (
  name text primary key,
  spec jsonb not null,
  revision integer not null,
  applied_at timestamptz not null,
  removing boolean not null default false,
  removing_volumes boolean not null default false
);

-- What outlives a restart of ours and cannot be seen from outside.
create table orchestrator.instance (
  name text primary key,
  stack text not null,
  restarts integer not null
);

-- Loopback ports given out, so that a service keeps its address for as long as it is declared.
create table orchestrator.port (
  owner text primary key, -- 'instance:<name>:<target>' or 'edge:<service id>><service id>'
  stack text not null,
  port integer not null unique
);

-- What was applied, the last 20 of each stack: what to go back to.
create table orchestrator.stack_revision (
  stack text not null,
  revision integer not null,
  spec jsonb not null,
  applied_at timestamptz not null,
  actor text not null,
  text text not null,
  primary key (stack, revision)
);

-- What instances are made of, in parts, by the digest they were started with: files outside of
-- compose and images as they were when the stack was applied.
create table orchestrator.definition (
  stack text not null,
  service text not null,
  digest text not null,
  revision integer not null, -- the one that brought it
  current boolean not null,
  parts jsonb not null,
  primary key (stack, service, digest)
);

-- Drift that was announced, so that it is announced once.
create table orchestrator.drift (
  stack text not null,
  key text not null,
  drift jsonb not null,
  primary key (stack, key)
);

-- Containers that Docker Compose started and Keelson has taken over; their labels cannot change.
create table orchestrator.adoption (
  container_id text primary key,
  stack text not null,
  instance text not null,
  digest text not null -- '' when it has to be replaced
);
