-- Who did what: ADR 0023. Rows are appended and never changed.
create table kernel.audit_entry (
  lane smallint not null,
  number bigint not null,
  id uuid not null,
  at timestamptz not null,
  action text not null,
  outcome text not null,
  actor_kind text not null,
  actor_id text not null,
  actor_name text not null,
  object_kind text not null,
  object_id text not null,
  object_name text not null,
  -- Everything else of the row as JSON: text, so that it stays byte by byte what the mac was made of.
  detail text not null,
  -- Which master key the mac was made with.
  key_number integer not null,
  mac bytea not null,
  chain bytea not null,
  primary key (lane, number, at)
) partition by range (at);

-- For a clock that is far off: a change must not fail for want of a month.
create table kernel.audit_entry_other partition of kernel.audit_entry default;

create index on kernel.audit_entry (at desc, id desc);
-- Behind the time what a row is held to without being read: of an object with many rows, the few of an action.
create index on kernel.audit_entry (action, at desc, outcome);
create index on kernel.audit_entry (actor_name, at desc);
-- What somebody was refused is little among what they did.
create index on kernel.audit_entry (actor_name, outcome, at desc) where outcome <> 'done';
-- What one never did would be looked for in all that they did: 611 ms of 50,000 rows among ten million.
create index on kernel.audit_entry (actor_name, action, at desc, outcome);
create index on kernel.audit_entry (object_id, at desc, action, outcome);
create index on kernel.audit_entry (object_name, at desc, action, outcome);
-- Whose history a grant or a denied request is in besides its own.
create index on kernel.audit_entry using gin ((detail::jsonb -> 'concerns'))
  where object_kind in ('grant', 'endpoint');

-- The end of each lane; its row is locked by whoever appends, until the commit is visible.
create table kernel.audit_lane (
  lane smallint primary key,
  number bigint not null,
  chain bytea not null
) with (fillfactor = 50);
insert into kernel.audit_lane (lane, number, chain)
select lane, 0, '\x'::bytea from generate_series(0, 15) as lane;

-- Signed ends of all lanes; `body` says which rows and checkpoints were dropped as old enough.
create table kernel.audit_checkpoint (
  number bigint primary key,
  at timestamptz not null,
  body text not null,
  key_number integer not null,
  signature bytea not null
);
