-- The configuration that the API manages. The newest revision is in effect.
create table gateway.revision (
  revision bigint primary key,
  applied_at timestamptz not null,
  applied_by text not null,
  note text,
  counts jsonb not null, -- entities by kind
  content jsonb not null -- a GatewayConfig
);

-- What the control process asks of one gateway, and what that answered.
create table gateway.question (
  id uuid primary key,
  node text not null,
  asked_at timestamptz not null,
  body jsonb not null,
  answer jsonb -- {"value": …} or {"error": "…"}
);
create index question_of_node on gateway.question (node) where answer is null;
