-- The incarnation a restart has still to end: written before it is ended, so that a restart is done
-- once, whenever Keelson is killed.
alter table orchestrator.place add column replaces text;

-- What an instance went through and what is planned for it: a crash loop does not begin anew because
-- Keelson was restarted. One document, written for each restart.
alter table orchestrator.instance add column history jsonb;

-- Many restarts of a service that are one incident, for as long as it lasts.
create table orchestrator.storm (
  service_id text primary key, -- '<stack>/<service>'
  restarts integer not null,
  last_at timestamptz not null
);
