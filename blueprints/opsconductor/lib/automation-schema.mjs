/** The tables of automation: the service writes workflows and queues runs, the runners carry them out. */
export const automationSchema = `
  create schema if not exists automation;
  create table if not exists automation.workflows (
    name text not null check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
    version integer not null,
    steps jsonb not null,
    every_seconds integer check (every_seconds between 10 and 86400),
    made_by text not null,
    made_at timestamptz not null default now(),
    primary key (name, version)
  );
  create table if not exists automation.schedules (
    workflow text primary key,
    next_at timestamptz not null
  );
  create table if not exists automation.runs (
    id uuid primary key,
    workflow text not null,
    version integer not null,
    state text not null default 'queued' check (state in ('queued', 'running', 'done', 'failed')),
    cause text not null,
    tries integer not null default 0,
    leased_until timestamptz,
    made_at timestamptz not null default now(),
    ended_at timestamptz,
    foreign key (workflow, version) references automation.workflows
  );
  create index if not exists runs_open on automation.runs (made_at) where state in ('queued', 'running');
  create table if not exists automation.run_steps (
    run_id uuid not null references automation.runs on delete cascade,
    index integer not null,
    uses text not null,
    ok boolean not null,
    detail text not null,
    started_at timestamptz not null,
    ended_at timestamptz not null,
    primary key (run_id, index)
  );`
