-- What ACME servers have given, with its private key.
create table gateway.certificate (
  source text not null, -- URL of the server's directory
  names text[] not null, -- in their order
  cert text not null, -- PEM, the chain included
  key text not null,
  obtained_at timestamptz not null,
  primary key (source, names)
);

-- The key of the platform's accounts at ACME servers; one row.
create table gateway.acme_account (
  singleton boolean primary key default true check (singleton),
  key text not null
);
