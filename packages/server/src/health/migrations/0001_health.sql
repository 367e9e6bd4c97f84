create schema health;

-- The verdict now, for services ('<stack>/<service>') and instances ('<stack>-<service>-<n>').
create table health.verdict (
  subject text primary key,
  state text not null,
  reason text not null,
  since timestamptz not null
);

-- Every change of a service's state: what the health bar draws. Kept for 30 days.
create table health.change (
  subject text not null,
  at timestamptz not null,
  state text not null,
  reason text not null,
  primary key (subject, at)
);
create index change_at on health.change (at);
