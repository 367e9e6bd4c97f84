import type { Drift, StackSpec } from '@keelson/contract'
import type { Queryable } from '../kernel/db.ts'
import { freshRecord, type RestartRecord } from './keeper/restart-memory.ts'
import type { Part } from './plan/parts.ts'
import { storableJson } from '../kernel/storable.ts'

export type StackRow = {
  name: string
  spec: StackSpec
  revision: number
  applied_at: Date
  removing: boolean
  /** The removal takes volumes and databases with it. */
  removing_volumes: boolean
}

export const selectStacks = (db: Queryable): Promise<StackRow[]> =>
  db.many(
    `select name, spec, revision, applied_at, removing, removing_volumes
     from orchestrator.stack order by name`,
  )

export const upsertStack = async (
  db: Queryable,
  spec: StackSpec,
  revision: number,
  at: Date,
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.stack (name, spec, revision, applied_at) values ($1, $2, $3, $4)
     on conflict (name) do update set
       spec = excluded.spec, revision = excluded.revision,
       applied_at = excluded.applied_at, removing = false, removing_volumes = false`,
    [spec.name, JSON.stringify(spec), revision, at],
  )
}

export const markRemoving = async (
  db: Queryable,
  name: string,
  { volumes }: { volumes: boolean },
): Promise<void> => {
  await db.execute(
    'update orchestrator.stack set removing = true, removing_volumes = $2 where name = $1',
    [name, volumes],
  )
}

/** With all that is only about it. */
export const deleteStack = async (db: Queryable, name: string): Promise<void> => {
  await db.execute('delete from orchestrator.stack where name = $1', [name])
  await db.execute('delete from orchestrator.stack_revision where stack = $1', [name])
  await db.execute('delete from orchestrator.definition where stack = $1', [name])
  await db.execute('delete from orchestrator.drift where stack = $1', [name])
  await db.execute('delete from orchestrator.adoption where stack = $1', [name])
}

export type RevisionRow = {
  revision: number
  spec: StackSpec
  applied_at: Date
  actor: string
  text: string
}

/** Newest first. */
export const selectRevisions = (db: Queryable, stack: string): Promise<RevisionRow[]> =>
  db.many(
    `select revision, spec, applied_at, actor, text from orchestrator.stack_revision
     where stack = $1 order by revision desc`,
    [stack],
  )

/** One that is there already gets its new spec, and keeps who made it when. */
export const upsertRevision = async (
  db: Queryable,
  stack: string,
  row: RevisionRow,
  { keep }: { keep: number },
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.stack_revision (stack, revision, spec, applied_at, actor, text)
     values ($1, $2, $3, $4, $5, $6)
     on conflict (stack, revision) do update set spec = excluded.spec`,
    [stack, row.revision, JSON.stringify(row.spec), row.applied_at, row.actor, row.text],
  )
  await db.execute('delete from orchestrator.stack_revision where stack = $1 and revision <= $2', [
    stack,
    row.revision - keep,
  ])
}

export type DefinitionRow = {
  stack: string
  service: string
  digest: string
  revision: number
  current: boolean
  parts: Part[]
}

export const selectDefinitions = (db: Queryable): Promise<DefinitionRow[]> =>
  db.many(
    `select stack, service, digest, revision, current, parts from orchestrator.definition
     order by revision`,
  )

/** All definitions of a stack as they are from now on. */
export const replaceDefinitions = async (
  db: Queryable,
  stack: string,
  rows: readonly DefinitionRow[],
): Promise<void> => {
  await db.execute('delete from orchestrator.definition where stack = $1', [stack])
  await db.execute(
    `insert into orchestrator.definition (stack, service, digest, revision, current, parts)
     select $1, row.service, row.digest, row.revision, row.current, row.parts
     from jsonb_to_recordset($2::jsonb)
       as row (service text, digest text, revision integer, current boolean, parts jsonb)`,
    [stack, storableJson(rows)],
  )
}

export const selectDrift = (
  db: Queryable,
): Promise<{ stack: string; key: string; drift: Drift }[]> =>
  db.many('select stack, key, drift from orchestrator.drift')

export const upsertDrift = async (
  db: Queryable,
  stack: string,
  key: string,
  drift: Drift,
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.drift (stack, key, drift) values ($1, $2, $3)
     on conflict (stack, key) do update set drift = excluded.drift`,
    [stack, key, storableJson(drift)],
  )
}

export const deleteDrift = async (db: Queryable, stack: string, key: string): Promise<void> => {
  await db.execute('delete from orchestrator.drift where stack = $1 and key = $2', [stack, key])
}

export type AdoptionRow = { container_id: string; stack: string; instance: string; digest: string }

export const selectAdoptions = (db: Queryable): Promise<AdoptionRow[]> =>
  db.many('select container_id, stack, instance, digest from orchestrator.adoption')

export const upsertAdoption = async (db: Queryable, row: AdoptionRow): Promise<void> => {
  await db.execute(
    `insert into orchestrator.adoption (container_id, stack, instance, digest)
     values ($1, $2, $3, $4) on conflict (container_id) do update set digest = excluded.digest`,
    [row.container_id, row.stack, row.instance, row.digest],
  )
}

export const deleteRestarts = async (db: Queryable, stack: string): Promise<void> => {
  await db.execute('delete from orchestrator.instance where stack = $1', [stack])
}

type RestartRow = { name: string; restarts: number; history: Partial<RestartRecord> | null }

export const selectRestarts = async (db: Queryable): Promise<Map<string, RestartRecord>> => {
  const rows = await db.many<RestartRow>(
    'select name, restarts, history from orchestrator.instance',
  )
  return new Map(
    rows.map(({ name, restarts, history }) => [name, { ...freshRecord, ...history, restarts }]),
  )
}

export const saveRestarts = async (
  db: Queryable,
  instance: { name: string; stack: string },
  { restarts, ...history }: RestartRecord,
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.instance (name, stack, restarts, history) values ($1, $2, $3, $4)
     on conflict (name) do update set restarts = excluded.restarts, history = excluded.history`,
    [instance.name, instance.stack, restarts, storableJson(history)],
  )
}

export type StormRow = { serviceId: string; restarts: number; lastAt: Date }

export const selectStorms = async (db: Queryable): Promise<StormRow[]> => {
  const rows = await db.many<{ service_id: string; restarts: number; last_at: Date }>(
    'select service_id, restarts, last_at from orchestrator.storm',
  )
  return rows.map(({ service_id: serviceId, restarts, last_at: lastAt }) => ({
    ...{ serviceId, restarts, lastAt },
  }))
}

export const saveStorm = async (
  db: Queryable,
  { serviceId, restarts, lastAt }: StormRow,
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.storm (service_id, restarts, last_at) values ($1, $2, $3)
     on conflict (service_id) do update
       set restarts = excluded.restarts, last_at = excluded.last_at`,
    [serviceId, restarts, lastAt],
  )
}

export const deleteStorm = async (db: Queryable, serviceId: string): Promise<void> => {
  await db.execute('delete from orchestrator.storm where service_id = $1', [serviceId])
}

/** The table behind the port allocator. */
export const portStore = (db: Queryable) => ({
  load: () =>
    db.many<{ owner: string; stack: string; port: number }>(
      'select owner, stack, port from orchestrator.port',
    ),
  save: async (owner: string, stack: string, port: number): Promise<void> => {
    await db.execute(
      `insert into orchestrator.port (owner, stack, port) values ($1, $2, $3)
       on conflict (owner) do update set port = excluded.port`,
      [owner, stack, port],
    )
  },
  release: async (stack: string): Promise<void> => {
    await db.execute('delete from orchestrator.port where stack = $1', [stack])
  },
})
