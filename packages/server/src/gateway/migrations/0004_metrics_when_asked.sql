-- Gateways are asked for their metrics: of many routes they are megabytes, and nobody reads most of them.
alter table gateway.node drop column metrics;
