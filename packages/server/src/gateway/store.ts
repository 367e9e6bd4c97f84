import type { Queryable } from '../kernel/db.ts'
import { emptyGatewayConfig, type GatewayConfig } from './config/model.ts'
import type { GatewayDocument, GatewaySnapshot, TrafficCounters } from './snapshot.ts'

export const snapshotChannel = 'keelson_gateway'

/** A document with the digest of its content, by which the tables know it. */
export type DigestedDocument = { digest: string; document: GatewayDocument }

type Apart = Pick<GatewaySnapshot, 'services' | 'edges' | 'acme' | 'canaries'>
type Stored = Apart & { documents: string[] }

/** Replaces the snapshot and wakes every gateway. The revision grows by one. */
export const saveSnapshot = async (
  db: Queryable,
  { services, edges, acme, canaries = [] }: Apart,
  documents: readonly DigestedDocument[],
): Promise<number> => {
  const rows = await db.many<{ digest: string }>('select digest from gateway.document_content')
  const there = new Set(rows.map(({ digest }) => digest))
  const missing = documents.filter(({ digest }) => !there.has(digest))
  const digests = documents.map(({ digest }) => digest)
  const shown = acme === undefined ? {} : { acme }
  const content: Stored = { services, edges, canaries, documents: digests, ...shown }
  const row = await db.one<{ revision: string }>(
    `with added as (
       insert into gateway.document_content (digest, content)
       select digest, content::jsonb from unnest($2::text[], $3::text[]) as new (digest, content)
       on conflict do nothing),
     gone as (delete from gateway.document_content where digest <> all ($4::text[])),
     saved as (
       insert into gateway.snapshot (revision, content) values (1, $1)
       on conflict (singleton) do update
         set revision = gateway.snapshot.revision + 1, content = excluded.content
       returning revision)
     select revision, pg_notify('${snapshotChannel}', '') from saved`,
    [
      JSON.stringify(content),
      missing.map(({ digest }) => digest),
      missing.map(({ document }) => JSON.stringify(document)),
      digests,
    ],
  )
  return Number(row.revision)
}

/** A snapshot with the digests of its documents, in their order. */
export type FoundSnapshot = { snapshot: GatewaySnapshot; digests: readonly string[] }

/** The snapshot, if it is newer than `revision`; documents that are `known` are not read again. */
export const findNewerSnapshot = async (
  db: Queryable,
  revision: number,
  known: ReadonlyMap<string, GatewayDocument> = new Map(),
): Promise<FoundSnapshot | undefined> => {
  // In rows of some entities each: a document of 10,000 routes would take 40 ms to parse in one.
  const [head, ...rows] = await db.many<SnapshotRow>(
    `with newer as (select revision, content from gateway.snapshot where revision <> $1),
       missing as (
         select digest, d.content from gateway.document_content d, newer
         where digest <> all ($2::text[]))
     select null as digest, null as kind, 0 as part,
         jsonb_build_object('revision', revision, 'content', content) as value
       from newer
     union all select digest, null, 0, content - 'config' from missing
     union all select digest, kind, (place - 1) / ${entitiesPerRow} as part,
         jsonb_agg(entity order by place)
       from missing, jsonb_each(content -> 'config') as kinds (kind, entities),
         jsonb_array_elements(entities) with ordinality as one (entity, place)
       group by 1, 2, 3
     order by digest nulls first, kind nulls first, part`,
    [revision, [...known.keys()]],
  )
  if (head === undefined) return undefined
  const { content, revision: found } = head.value as { revision: number; content: Stored }
  const { documents: digests, ...rest } = content
  const read = documentsOf(rows)
  const documents = digests.flatMap((digest) => known.get(digest) ?? read.get(digest) ?? [])
  return { snapshot: { ...rest, revision: found, documents }, digests }
}

/** Some 100 kB. */
const entitiesPerRow = 200

/** First the snapshot itself; of each document first what is not of its configuration. */
type SnapshotRow = { digest: string | null; kind: string | null; value: unknown }

const documentsOf = (rows: readonly SnapshotRow[]): Map<string | null, GatewayDocument> => {
  const documents = new Map<string | null, GatewayDocument>()
  let config: Record<string, unknown[]> = {}
  for (const { digest, kind, value } of rows) {
    if (kind === null) {
      config = Object.fromEntries(Object.keys(emptyGatewayConfig).map((each) => [each, []]))
      // As they were written.
      documents.set(digest, {
        ...(value as GatewayDocument),
        config: config as unknown as GatewayConfig,
      })
    } else {
      config[kind] = (config[kind] ?? []).concat(value)
    }
  }
  return documents
}

/** What a gateway has in effect. */
export type AppliedRow = {
  id: string
  updatedAt: Date
  /** Of its snapshot. */
  revision: number
  /** Requests and WebSockets under way, by instance. */
  inFlight: Readonly<Record<string, number>>
}

export type NodeRow = AppliedRow & {
  counters: TrafficCounters[]
  problems: string[]
}

export const saveNode = async (db: Queryable, node: NodeRow): Promise<void> => {
  await db.execute(
    `insert into gateway.node (id, updated_at, revision, in_flight, counters, problems)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (id) do update set updated_at = excluded.updated_at,
       revision = excluded.revision, in_flight = excluded.in_flight,
       counters = excluded.counters, problems = excluded.problems`,
    [
      node.id,
      node.updatedAt,
      node.revision,
      JSON.stringify(node.inFlight),
      JSON.stringify(node.counters),
      JSON.stringify(node.problems),
    ],
  )
}

/** The part that others wait for, without the size of the rest. False when the node is unknown. */
export const saveApplied = async (db: Queryable, row: AppliedRow): Promise<boolean> => {
  const known = await db.execute(
    'update gateway.node set updated_at = $2, revision = $3, in_flight = $4 where id = $1',
    [row.id, row.updatedAt, row.revision, JSON.stringify(row.inFlight)],
  )
  return known > 0
}

/** Of every gateway that has not said goodbye, however long it has been silent. */
export const selectApplied = async (db: Queryable): Promise<AppliedRow[]> => {
  const rows = await db.many<{
    id: string
    updated_at: Date
    revision: string
    in_flight: Record<string, number>
  }>('select id, updated_at, revision, in_flight from gateway.node')
  return rows.map(({ id, updated_at: updatedAt, revision, in_flight: inFlight }) => ({
    ...{ id, updatedAt, inFlight },
    revision: Number(revision),
  }))
}

/** Forgets a gateway; with `lastSpoke` only if it has not spoken since. */
export const deleteNode = async (
  db: Queryable,
  { id, lastSpoke }: { id: string; lastSpoke?: Date },
): Promise<void> => {
  await db.execute(
    'delete from gateway.node where id = $1 and ($2::timestamptz is null or updated_at = $2)',
    [id, lastSpoke ?? null],
  )
}

/** Counters of nodes that spoke lately; one that is silent counts nothing any more. */
export const selectNodes = (
  db: Queryable,
  since: Date,
): Promise<Pick<NodeRow, 'id' | 'counters'>[]> =>
  db.many('select id, counters from gateway.node where updated_at > $1', [since])

export const deleteSilentNodes = async (db: Queryable, before: Date): Promise<void> => {
  await db.execute('delete from gateway.node where updated_at < $1', [before])
}
