create table identity.provider (
  id text primary key,
  name text not null,
  issuer text not null,
  client_id text not null,
  -- null: a public client, by PKCE alone.
  sealed_secret text,
  scopes text[] not null,
  groups_claim text not null,
  -- [{group, role, on}]: what members of a group of the provider are granted while they are.
  role_map jsonb not null default '[]',
  creates_users boolean not null,
  trusts_factors boolean not null,
  allows_internal boolean not null,
  disabled_at timestamptz,
  created_at timestamptz not null
);

create table identity.provider_identity (
  provider_id text not null references identity.provider (id) on delete cascade,
  subject text not null,
  principal_id text not null references identity.principal (id) on delete cascade,
  email text,
  created_at timestamptz not null,
  last_used_at timestamptz,
  primary key (provider_id, subject)
);
create index on identity.provider_identity (principal_id);

-- Of a grant that follows a group of a provider: which one; null: given by somebody.
alter table identity.grant_held add column provider_id text
  references identity.provider (id) on delete cascade;
