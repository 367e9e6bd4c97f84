-- Keys that tokens are signed with. The private half is sealed under the master key and bound to id.
create table identity.signing_key (
  id text primary key,
  public_jwk jsonb not null,
  sealed_private text not null,
  created_at timestamptz not null,
  -- Published before it signs, and until nothing it has signed is valid any more.
  signs_from timestamptz not null,
  signs_until timestamptz not null
);

-- One sign-in of an API client: its refresh tokens follow one another.
create table identity.token_family (
  id text primary key,
  principal_id text not null references identity.principal (id) on delete cascade,
  client text not null,
  scopes text[],
  created_at timestamptz not null,
  authenticated_at timestamptz not null,
  last_used_at timestamptz not null,
  expires_at timestamptz not null,
  address text,
  user_agent text
);
create index on identity.token_family (principal_id);

create table identity.refresh_token (
  token_digest bytea primary key,
  family_id text not null references identity.token_family (id) on delete cascade,
  created_at timestamptz not null,
  -- Exchanged; its successor is kept sealed for some seconds, for the other one of two that ask at once.
  used_at timestamptz,
  used_by text,
  sealed_successor text
);
create index on identity.refresh_token (family_id);

-- RFC 8628: a program shows a code, a person approves it in the browser.
create table identity.device_request (
  device_digest bytea primary key,
  user_code text not null unique,
  client text not null,
  scopes text[],
  created_at timestamptz not null,
  expires_at timestamptz not null,
  address text,
  user_agent text,
  last_polled_at timestamptz,
  decided_at timestamptz,
  -- Who approved it; decided without: denied.
  principal_id text references identity.principal (id) on delete cascade,
  authenticated_at timestamptz
);
