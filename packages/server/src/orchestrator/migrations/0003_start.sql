-- The last start of each stack, as the page draws it: one document, read and replaced as a whole.
create table orchestrator.stack_start (
  stack text primary key,
  start jsonb not null
);
