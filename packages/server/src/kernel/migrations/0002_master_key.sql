-- Which master keys this database was used with: a MAC made with each, and nothing of the key.
create table kernel.master_key (
  number integer primary key,
  proof bytea not null
);
