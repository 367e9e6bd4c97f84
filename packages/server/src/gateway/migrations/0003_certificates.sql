-- What ACME servers have given, with its private key.
create table gateway.certificate (
  source text not null, -- URL of the server's directory
  names text[] not null, -- in their order
  cert text not null, -- PEM, the chain included
  sealed_key text not null, -- under a master key
  obtained_at timestamptz not null,
  primary key (source, names)
);

-- How the last order for a certificate went: pauses outlive a restart.
create table gateway.certificate_try (
  source text not null,
  names text[] not null,
  failures integer not null check (failures >= 0),
  problem text, -- null: there is none
  not_before timestamptz not null, -- a new order waits until then
  primary key (source, names)
);

-- The key of the platform's accounts at ACME servers; one row.
create table gateway.acme_account (
  singleton boolean primary key default true check (singleton),
  sealed_key text not null -- under a master key
);
