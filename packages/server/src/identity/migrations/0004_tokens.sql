-- `kst_<id>_<secret>`. The secret is kept as HMAC-SHA-256 under a pepper that is derived from the
-- master key of this number: whoever reads the table, or the table and the program, cannot use it.
create table identity.api_token (
  id text primary key,
  principal_id text not null references identity.principal (id) on delete cascade,
  name text not null,
  secret_mac bytea not null,
  pepper integer not null,
  -- Counts secrets, so that whoever came by one of them is known from who came by another.
  secret_number integer not null default 1,
  -- The secret before the last rotation goes on until then.
  former_mac bytea,
  former_pepper integer,
  former_until timestamptz,
  -- Who made it for somebody else, and whose tokens they did so by: it may nothing that one of them
  -- may not. Each secret has its own: whoever makes the next one holds that alone.
  bounded_by text[] not null default '{}',
  former_bounded_by text[] not null default '{}',
  -- null: all that its owner may.
  scopes text[],
  -- CIDR ranges; empty: from everywhere.
  networks text[] not null default '{}',
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  -- Written once a minute at most.
  last_used_at timestamptz,
  last_used_address text
);
create index on identity.api_token (principal_id);
