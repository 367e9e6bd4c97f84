-- What is to run of a service: what it is made from, who has stopped or scaled it, and its update.
-- One document, because it changes as one; see places.ts for its parts.
create table orchestrator.service (
  stack text not null,
  service text not null,
  state jsonb not null,
  primary key (stack, service)
);

-- The instances a service has. Written before one is started and removed after it is gone, so that
-- whoever starts after a kill -9 knows all of them, and which came with the update under way.
create table orchestrator.place (
  name text primary key, -- '<stack>-<service>-<index>'
  stack text not null,
  service text not null,
  index integer not null,
  digest text not null,
  round integer not null, -- of the restart it has been through last
  stage text not null check (stage in ('serving', 'idle', 'leaving')),
  proven boolean not null, -- was healthy for as long as the update watches it
  failed boolean not null, -- did not get that far
  unique (stack, service, index)
);

-- Stopped from outside, and left so: why.
alter table orchestrator.instance add column held text;
