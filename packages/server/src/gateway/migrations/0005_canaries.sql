-- How far canaries have come: decided by gateways or by hand, handed to all gateways.
create table gateway.canary (
  manager text not null,
  service text not null, -- its id in the document
  split text not null, -- digest: another split of the service begins anew
  decision integer not null, -- grows with each
  step integer not null,
  percent real not null,
  outcome text not null,
  reason text not null,
  since timestamptz not null,
  is_announced boolean not null default false,
  primary key (manager, service, split)
);
