-- How far the audit was delivered elsewhere, by sink and lane: numbers of a lane become visible in
-- their order and without gaps, so that one number says it all.
create table kernel.audit_sink (
  sink text not null,
  lane smallint not null references kernel.audit_lane,
  -- Delivered up to here.
  number bigint not null,
  -- Where the batch that is under way ends; after a crash the same batch is sent again.
  sending bigint,
  delivered_at timestamptz,
  primary key (sink, lane)
) with (fillfactor = 50);
