create schema identity;

-- Only digests of tokens: whoever reads the table cannot sign in with it.
create table identity.setup_link (
  token_digest bytea primary key,
  expires_at timestamptz not null
);

create table identity.session (
  token_digest bytea primary key,
  created_at timestamptz not null,
  expires_at timestamptz not null
);
