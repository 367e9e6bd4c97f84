export const schema = `
  create schema if not exists identity;
  create table if not exists identity.signing_keys (
    slot text primary key check (slot = 'current'),
    id uuid not null,
    private_pem text not null,
    made_at timestamptz not null default now()
  );
  create table if not exists identity.users (
    name text primary key check (name ~ '^[a-z][a-z0-9._-]{1,62}$'),
    password_hash text not null,
    role text not null,
    totp_secret text,
    totp_confirmed boolean not null default false,
    totp_last_step bigint not null default 0,
    made_at timestamptz not null default now()
  );
  create table if not exists identity.sessions (
    id uuid primary key,
    user_name text not null references identity.users on delete cascade,
    agent text not null,
    made_at timestamptz not null default now(),
    used_at timestamptz not null default now(),
    ended_at timestamptz,
    end_reason text
  );
  create table if not exists identity.refresh_tokens (
    hash text primary key,
    session_id uuid not null references identity.sessions on delete cascade,
    made_at timestamptz not null default now(),
    used_at timestamptz
  );
  create table if not exists identity.api_keys (
    id uuid primary key,
    name text not null,
    hash text not null unique,
    role text not null,
    owner text not null,
    made_at timestamptz not null default now(),
    used_at timestamptz,
    ended_at timestamptz
  );`
