import type { Queryable } from '../kernel/db.ts'
import type { RegisteredInstance, ServiceDeclaration } from './declaration.ts'
import { storableJson } from '../kernel/storable.ts'

export const selectServices = async (db: Queryable): Promise<ServiceDeclaration[]> => {
  const rows = await db.many<{ declaration: ServiceDeclaration }>(
    'select declaration from registry.service order by id',
  )
  return rows.map((row) => row.declaration)
}

export const upsertService = async (
  db: Queryable,
  service: ServiceDeclaration,
  at: Date,
): Promise<void> => {
  await db.execute(
    `insert into registry.service (id, stack, declaration, declared_at) values ($1, $2, $3, $4)
     on conflict (id) do update
       set declaration = excluded.declaration, declared_at = excluded.declared_at`,
    [service.id, service.stack, JSON.stringify({ ...service, injected: {} }), at],
  )
}

export const deleteService = async (db: Queryable, id: string): Promise<void> => {
  await db.execute('delete from registry.service where id = $1', [id])
}

type InstanceRow = {
  facts: Json<Omit<RegisteredInstance, 'leaseExpiresAt'>>
  lease_expires_at: Date
}
type Json<T> = {
  [K in keyof T]: T[K] extends Date ? string : T[K] extends Date | null ? string | null : T[K]
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text))

export const selectInstances = async (db: Queryable): Promise<RegisteredInstance[]> => {
  const rows = await db.many<InstanceRow>('select facts, lease_expires_at from registry.instance')
  return rows.map(({ facts, lease_expires_at: leaseExpiresAt }) => ({
    ...facts,
    phaseSince: new Date(facts.phaseSince),
    startedAt: date(facts.startedAt),
    nextStartAt: date(facts.nextStartAt),
    leaseExpiresAt,
  }))
}

export const upsertInstance = async (
  db: Queryable,
  { leaseExpiresAt, ...facts }: RegisteredInstance,
): Promise<void> => {
  // A withdrawn service takes its instances with it, so a late word about one writes nothing.
  await db.execute(
    `insert into registry.instance (name, service_id, facts, lease_expires_at)
     select $1, $2, $3, $4 where exists (select from registry.service where id = $2)
     on conflict (name) do update set
       service_id = excluded.service_id, facts = excluded.facts,
       lease_expires_at = excluded.lease_expires_at`,
    [facts.name, facts.serviceId, storableJson(facts), leaseExpiresAt],
  )
}

export const deleteInstance = async (db: Queryable, name: string): Promise<void> => {
  await db.execute('delete from registry.instance where name = $1', [name])
}

export const renewLeases = async (
  db: Queryable,
  names: readonly string[],
  until: Date,
): Promise<void> => {
  await db.execute('update registry.instance set lease_expires_at = $2 where name = any($1)', [
    names,
    until,
  ])
}
