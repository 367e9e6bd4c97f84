/** What the database says about Keelson's schemas. Every statement runs as an ordinary role. */
import { escapeIdentifier, type Client } from 'pg'
import type {
  AppliedMigration,
  Partition,
  SequencePosition,
  TableRef,
  TableSource,
} from './manifest.ts'

/** Kept by the migrations themselves: its rows are compared, never copied. */
const migrationTable = { schema: 'kernel', name: 'migration' }

export const qualified = ({ schema, name }: TableRef): string =>
  `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`

const isSameTable = (a: TableRef, b: TableRef): boolean =>
  a.schema === b.schema && a.name === b.name

/** Text that reads back to the same value on any server, whatever its own settings are. */
export const fixFormats = async (client: Client): Promise<void> => {
  await client.query(`
    set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; set timezone = 'UTC';
    set extra_float_digits = 1; set bytea_output = 'hex'; set xmlbinary = 'base64';
    set statement_timeout = 0; set idle_in_transaction_session_timeout = 0`)
}

/** In a stable order; undefined when no migration was ever applied here. */
export const findMigrations = async (client: Client): Promise<AppliedMigration[] | undefined> => {
  const { rows: found } = await client.query<{ there: boolean }>(
    `select to_regclass('kernel.migration') is not null as there`,
  )
  if (found[0]?.there !== true) return undefined
  const { rows } = await client.query<AppliedMigration>(
    'select domain, number, name, checksum from kernel.migration order by domain, number',
  )
  return rows
}

/** Keelson's schemas: that of the kernel, and one per domain that has migrations. */
export const listSchemas = async (client: Client): Promise<string[]> => {
  const { rows } = await client.query<{ name: string }>(
    `select nspname as name from pg_namespace
     where nspname = 'kernel' or nspname in (select domain from kernel.migration)
     order by 1`,
  )
  return rows.map(({ name }) => name)
}

/** Tables that hold rows themselves: not the parents of partitions, but the partitions. */
export const listTables = async (
  client: Client,
  schemas: readonly string[],
): Promise<(TableSource & { primaryKey: string[] })[]> => {
  const { rows } = await client.query<TableSource & { primaryKey: string[] }>(
    `select n.nspname as schema, c.relname as name,
       (select coalesce(array_agg(attname::text order by attnum), '{}') from pg_attribute
        where attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = '')
         as columns,
       (select coalesce(array_agg(a.attname::text order by k.position), '{}')
        from pg_index i
        cross join lateral unnest(i.indkey) with ordinality as k(attnum, position)
        join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
        where i.indrelid = c.oid and i.indisprimary) as "primaryKey"
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname = any($1)
     order by 1, 2`,
    [schemas],
  )
  return rows.filter((table) => !isSameTable(table, migrationTable))
}

/** Parents before their children, so that they can be made in this order. */
export const listPartitions = async (
  client: Client,
  schemas: readonly string[],
): Promise<Partition[]> => {
  const { rows } = await client.query<{
    schema: string
    name: string
    parentSchema: string
    parentName: string
    bound: string
  }>(
    `with recursive tree as (
       select c.oid, 0 as depth from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'p' and not c.relispartition and n.nspname = any($1)
       union all
       select i.inhrelid, depth + 1 from tree join pg_inherits i on i.inhparent = tree.oid
     )
     select n.nspname as schema, c.relname as name, pn.nspname as "parentSchema",
       p.relname as "parentName", pg_get_expr(c.relpartbound, c.oid) as bound
     from tree join pg_class c on c.oid = tree.oid join pg_namespace n on n.oid = c.relnamespace
     join pg_inherits i on i.inhrelid = c.oid join pg_class p on p.oid = i.inhparent
     join pg_namespace pn on pn.oid = p.relnamespace
     where c.relkind = 'r' and depth > 0 order by depth, 1, 2`,
    [schemas],
  )
  return rows.map(({ schema, name, parentSchema, parentName, bound }) => ({
    ...{ schema, name, bound },
    parent: { schema: parentSchema, name: parentName },
  }))
}

/**
 * The value each sequence gives next. Asked of every sequence itself: the view pg_sequences says
 * nothing about one that was set and not used yet, as all are after a restore.
 */
export const listSequences = async (
  client: Client,
  schemas: readonly string[],
): Promise<SequencePosition[]> => {
  const { rows } = await client.query<TableRef & { step: string; low: string; high: string }>(
    `select schemaname as schema, sequencename as name, increment_by as step, min_value as low,
       max_value as high
     from pg_sequences where schemaname = any($1) order by 1, 2`,
    [schemas],
  )
  const positions: SequencePosition[] = []
  for (const { schema, name, step, low, high } of rows) {
    const { rows: found } = await client.query<{ value: string }>(
      `select least(greatest(last_value::numeric + case when is_called then $1::bigint else 0 end,
         $2), $3)::text as value from ${qualified({ schema, name })}`,
      [step, low, high],
    )
    positions.push({ schema, name, nextValue: found[0]!.value })
  }
  return positions
}

/** A foreign key of one of the tables to another (or to itself). */
export type ForeignKey = {
  readonly name: string
  readonly table: TableRef
  readonly target: TableRef
  readonly definition: string
}

/** Those of a partitioned table once each, as their partitions inherit them. */
export const listForeignKeys = async (
  client: Client,
  schemas: readonly string[],
): Promise<ForeignKey[]> => {
  const { rows } = await client.query<Record<string, string>>(
    `select k.conname as name, n.nspname as schema, c.relname as table, tn.nspname as "toSchema",
       t.relname as "toTable", pg_get_constraintdef(k.oid) as definition
     from pg_constraint k
     join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
     join pg_class t on t.oid = k.confrelid join pg_namespace tn on tn.oid = t.relnamespace
     where k.contype = 'f' and k.conparentid = 0 and n.nspname = any($1) order by 2, 3, 1`,
    [schemas],
  )
  return rows.map((row) => ({
    name: row['name']!,
    table: { schema: row['schema']!, name: row['table']! },
    target: { schema: row['toSchema']!, name: row['toTable']! },
    definition: row['definition']!,
  }))
}

export type Trigger = TableRef & { readonly trigger: string; readonly enable: string }

const enableWords: Readonly<Record<string, string>> = {
  O: 'enable',
  A: 'enable always',
  R: 'enable replica',
}

/** Triggers of migrations that would fire on copied rows, with how to enable them again. */
export const listTriggers = async (
  client: Client,
  schemas: readonly string[],
): Promise<Trigger[]> => {
  const { rows } = await client.query<TableRef & { trigger: string; enabled: string }>(
    `select n.nspname as schema, c.relname as name, t.tgname as trigger, t.tgenabled as enabled
     from pg_trigger t join pg_class c on c.oid = t.tgrelid
     join pg_namespace n on n.oid = c.relnamespace
     where not t.tgisinternal and t.tgenabled <> 'D' and c.relkind = 'r'
       and n.nspname = any($1) order by 1, 2, 3`,
    [schemas],
  )
  return rows.map(({ enabled, ...rest }) => ({ ...rest, enable: enableWords[enabled] ?? 'enable' }))
}
