create table identity.team (
  id text primary key,
  name text not null,
  name_key text not null unique,
  description text not null default '',
  created_at timestamptz not null
);

create table identity.team_member (
  team_id text not null references identity.team (id) on delete cascade,
  principal_id text not null references identity.principal (id) on delete cascade,
  primary key (team_id, principal_id)
);
create index on identity.team_member (principal_id);

-- Roles of one's own; built-in ones are in the program.
create table identity.role (
  name text primary key,
  description text not null default '',
  permissions text[] not null
);

create table identity.grant_held (
  id text primary key,
  principal_id text references identity.principal (id) on delete cascade,
  team_id text references identity.team (id) on delete cascade,
  -- A built-in one has no row in identity.role.
  role text not null,
  effect text not null check (effect in ('allow', 'deny')),
  selector jsonb not null,
  expires_at timestamptz,
  reason text,
  created_by text not null,
  created_at timestamptz not null,
  check ((principal_id is null) <> (team_id is null))
);
create index on identity.grant_held (principal_id);
create index on identity.grant_held (team_id);
