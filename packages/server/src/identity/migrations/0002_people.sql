-- Counted up in the transaction of each change: what a process believes is believed for one epoch.
-- `access`: principals, teams, roles, grants. `credentials`: sessions, tokens, passwords, factors.
create table identity.epoch (
  single boolean primary key default true check (single),
  access bigint not null default 0,
  credentials bigint not null default 0
);
insert into identity.epoch default values;

-- Everybody who can be granted something. A name is unique by its key: NFKC, case folded,
-- look-alikes of other scripts mapped to what they look like (UTS 39 skeleton).
create table identity.principal (
  id text primary key,
  kind text not null check (kind in ('user', 'service_account', 'stack_service')),
  name text not null,
  name_key text not null unique,
  display_name text not null default '',
  email text,
  -- Of a service account: the user who answers for it.
  owner_id text references identity.principal (id),
  description text not null default '',
  preferences jsonb not null default '{}',
  disabled_at timestamptz,
  created_at timestamptz not null,
  last_seen_at timestamptz,
  -- Counted up when the password, a factor or `disabled_at` changes: a sign-in that was under way
  -- meanwhile, and marks of devices from before, rest on another one.
  generation integer not null default 0
);

create table identity.password (
  principal_id text primary key references identity.principal (id) on delete cascade,
  -- argon2id in PHC form: parameters and salt are in it.
  hash text not null,
  changed_at timestamptz not null
);

-- Only digests of tokens: whoever reads the table cannot sign in with it.
create table identity.session (
  id text primary key,
  token_digest bytea not null unique,
  principal_id text not null references identity.principal (id) on delete cascade,
  created_at timestamptz not null,
  -- When the person last proved who they are: with a password or a factor.
  authenticated_at timestamptz not null,
  -- Written once a minute at most.
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  methods text[] not null,
  address text,
  user_agent text
);
create index on identity.session (principal_id);

-- Opens one form, once: to set up, to join, to choose a password anew.
create table identity.link (
  token_digest bytea primary key,
  purpose text not null check (purpose in ('setup', 'invitation', 'reset')),
  -- Whom it is for; null for the set-up link.
  principal_id text references identity.principal (id) on delete cascade,
  expires_at timestamptz not null,
  -- Whose rights bound what it leads to, also once they are gone; null: the machine itself.
  made_by text[]
);
create unique index on identity.link (purpose, principal_id) nulls not distinct;
