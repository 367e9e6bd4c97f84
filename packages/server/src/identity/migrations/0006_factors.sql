create table identity.totp (
  principal_id text primary key references identity.principal (id) on delete cascade,
  sealed_secret text not null,
  created_at timestamptz not null,
  -- null: shown, and not yet proved to work.
  confirmed_at timestamptz,
  -- The last time step a code was taken of: no code works twice (ASVS 5.0 6.5.1).
  last_step bigint not null default 0
);

create table identity.passkey (
  -- Credential id in base64url.
  id text primary key,
  principal_id text not null references identity.principal (id) on delete cascade,
  name text not null,
  public_key bytea not null,
  counter bigint not null,
  transports text[] not null default '{}',
  aaguid text not null default '',
  is_backed_up boolean not null default false,
  created_at timestamptz not null,
  last_used_at timestamptz
);
create index on identity.passkey (principal_id);

-- 120 random bits each, so that a plain digest keeps them (ASVS 5.0 6.5.2); a used one is gone.
create table identity.recovery_code (
  code_digest bytea primary key,
  principal_id text not null references identity.principal (id) on delete cascade
);
create index on identity.recovery_code (principal_id);

-- What a browser is in the middle of: a second factor, a passkey ceremony, a trip to a provider.
create table identity.challenge (
  token_digest bytea primary key,
  purpose text not null,
  principal_id text references identity.principal (id) on delete cascade,
  facts jsonb not null,
  attempts integer not null default 0,
  expires_at timestamptz not null
);
create index on identity.challenge (expires_at);

-- Whose roles ask for a second factor.
create table identity.sign_in_policy (
  single boolean primary key default true check (single),
  factor_roles text[] not null default '{}'
);
insert into identity.sign_in_policy default values;

-- There was an administrator; its row is never taken back.
create table identity.set_up (
  single boolean primary key default true check (single)
);
insert into identity.set_up (single)
select true from identity.principal principal
left join identity.team_member member on member.principal_id = principal.id
join identity.grant_held held on held.principal_id = principal.id or held.team_id = member.team_id
where principal.kind = 'user' and principal.disabled_at is null
  and held.role = 'administrator' and held.effect = 'allow'
  and held.selector = '{}' and held.expires_at is null
  and exists (select from identity.password where principal_id = principal.id)
limit 1;
