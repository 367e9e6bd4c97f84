-- The outbox and the log of events. The reasoning is in kernel/events.ts.

create schema if not exists kernel;

-- Written by the transaction that makes the change; emptied by the sequencer.
create table kernel.event_outbox (
  sequence bigint generated always as identity primary key,
  id       uuid not null,
  type     text not null,
  subject  text not null,
  payload  jsonb not null,
  actor    text,
  at       timestamptz not null
  -- A queue is mostly dead rows: vacuum by their number, not by a share of the live ones.
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Append only, without gaps: rows come in the order of their positions, and leave in it.
create table kernel.event (
  position  bigint primary key,
  id        uuid not null,
  type      text not null,
  subject   text not null,
  -- '<stack>' of '<stack>/<service>': a timeline of a whole stack reads one index backwards.
  subject_root text not null generated always as (split_part(subject, '/', 1)) stored,
  payload   jsonb not null,
  actor     text,
  at        timestamptz not null,
  -- When the sequencer took it up. `at` may be given by the publisher; retention goes by this.
  logged_at timestamptz not null
);
create index event_by_subject on kernel.event (subject, position);
create index event_by_subject_root on kernel.event (subject_root, position);

-- One row: the last position given out. Its row lock is what makes sequencers take turns.
create table kernel.event_head (
  only_row boolean primary key default true check (only_row),
  position bigint not null
);
insert into kernel.event_head (position) values (0);

create table kernel.event_subscription (
  name     text primary key,
  -- Everything up to here is handled.
  position bigint not null,
  -- Failed tries of the next event, and when to try again.
  failures integer not null default 0,
  retry_at timestamptz,
  reason   text,
  -- When a node last had this subscription; a forgotten one must not hold up retention for ever.
  seen_at  timestamptz not null
);

-- Events a subscription has given up. Each keeps its own copy: retention takes the original.
create table kernel.event_failure (
  subscription text not null,
  position     bigint not null,
  type         text not null,
  subject      text not null,
  payload      jsonb not null,
  reason       text not null,
  tries        integer not null,
  failed_at    timestamptz not null,
  primary key (subscription, position)
);

-- Writes events at the end of the caller's transaction. The locks come before the sequence
-- numbers, hence numbers of one subject are in commit order; sorted, so that no two publishers can
-- wait for each other. 7070 marks these locks off from other advisory locks.
create function kernel.publish(events jsonb) returns void language plpgsql as $$
declare
  lock_key integer;
begin
  for lock_key in
    select distinct hashtext(event->>'subject')
    from jsonb_array_elements(events) as event order by 1
  loop
    perform pg_advisory_xact_lock(7070, lock_key);
  end loop;
  insert into kernel.event_outbox (id, type, subject, payload, actor, at)
  select (event->>'id')::uuid, event->>'type', event->>'subject', event->'payload',
         event->>'actor', (event->>'at')::timestamptz
  from jsonb_array_elements(events) with ordinality as entry (event, place)
  order by place;
end
$$;
