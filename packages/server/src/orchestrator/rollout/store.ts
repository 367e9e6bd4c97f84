import type { Queryable } from '../../kernel/db.ts'
import type { Place, ServiceDocument, ServiceState } from './state.ts'
import { storableJson } from '../../kernel/storable.ts'

type ServiceRow = { stack: string; service: string; state: ServiceDocument }
type PlaceRow = Place & { stack: string; service: string }

export const selectServiceStates = async (db: Queryable): Promise<ServiceState[]> => {
  const services = await db.many<ServiceRow>(
    'select stack, service, state from orchestrator.service',
  )
  const places = await db.many<PlaceRow>(
    `select name, stack, service, index, digest, round, stage, proven, failed, replaces
     from orchestrator.place order by stack, service, index`,
  )
  return services.map(({ stack, service, state }) => ({
    ...state,
    stack,
    service,
    places: places
      .filter((place) => place.stack === stack && place.service === service)
      .map(({ stack: _stack, service: _service, ...place }) => place),
  }))
}

export const upsertServiceState = async (db: Queryable, state: ServiceState): Promise<void> => {
  const { stack, service, places: _places, ...document } = state
  await db.execute(
    `insert into orchestrator.service (stack, service, state) values ($1, $2, $3)
     on conflict (stack, service) do update set state = excluded.state`,
    [stack, service, storableJson(document)],
  )
}

export const deleteServiceState = async (
  db: Queryable,
  { stack, service }: Pick<ServiceState, 'stack' | 'service'>,
): Promise<void> => {
  await db.execute('delete from orchestrator.place where stack = $1 and service = $2', [
    stack,
    service,
  ])
  await db.execute('delete from orchestrator.service where stack = $1 and service = $2', [
    stack,
    service,
  ])
}

export const upsertPlace = async (
  db: Queryable,
  { stack, service }: Pick<ServiceState, 'stack' | 'service'>,
  place: Place,
): Promise<void> => {
  const { name, index, digest, round, stage, proven, failed, replaces } = place
  await db.execute(
    `insert into orchestrator.place
       (name, stack, service, index, digest, round, stage, proven, failed, replaces)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (name) do update set
       digest = excluded.digest, round = excluded.round, stage = excluded.stage,
       proven = excluded.proven, failed = excluded.failed, replaces = excluded.replaces`,
    [name, stack, service, index, digest, round, stage, proven, failed, replaces],
  )
}

export const deletePlaces = async (db: Queryable, names: readonly string[]): Promise<void> => {
  await db.execute('delete from orchestrator.place where name = any($1)', [names])
}

export const deleteStackState = async (db: Queryable, stack: string): Promise<void> => {
  await db.execute('delete from orchestrator.place where stack = $1', [stack])
  await db.execute('delete from orchestrator.service where stack = $1', [stack])
}

export const selectHeld = async (db: Queryable): Promise<Map<string, string>> => {
  const rows = await db.many<{ name: string; held: string }>(
    'select name, held from orchestrator.instance where held is not null',
  )
  return new Map(rows.map(({ name, held }) => [name, held]))
}

export const saveHeld = async (
  db: Queryable,
  instance: { name: string; stack: string },
  held: string | null,
): Promise<void> => {
  await db.execute(
    `insert into orchestrator.instance (name, stack, restarts, held) values ($1, $2, 0, $3)
     on conflict (name) do update set held = excluded.held`,
    [instance.name, instance.stack, held],
  )
}
