create schema gaps;

-- The last audit of each stack, as one document that is read and replaced as a whole. An audit that
-- could not be made leaves the document of the last one that could.
create table gaps.report (
  stack text primary key,
  revision integer not null, -- of the stack, when it was audited
  folder text not null,
  state text not null check (state in ('ready', 'failed')),
  reason text,
  tried_at timestamptz not null,
  audited_at timestamptz, -- of the document
  duration_ms integer,
  score integer,
  content jsonb, -- inventory, findings, suppressed, notRead
  observed text not null, -- digest of what was seen running
  watched jsonb not null -- files and folders it depends on, each with its last change
);

-- What was found, and since when. What is gone is kept for 30 days: it may come back.
create table gaps.finding (
  stack text not null,
  fingerprint text not null,
  severity text not null,
  message text not null,
  first_at timestamptz not null,
  gone_at timestamptz,
  primary key (stack, fingerprint)
);
create index finding_gone on gaps.finding (gone_at) where gone_at is not null;

-- How the numbers were: a row for each audit that changed something; the last 1,000 of a stack.
create table gaps.point (
  id bigint generated always as identity primary key,
  stack text not null,
  at timestamptz not null,
  content jsonb not null
);
create index point_stack on gaps.point (stack, id);

create table gaps.acceptance (
  stack text not null,
  fingerprint text not null,
  message text not null, -- of the finding, for when it is told that it counts again
  reason text not null,
  by text not null,
  at timestamptz not null,
  until timestamptz,
  primary key (stack, fingerprint)
);
