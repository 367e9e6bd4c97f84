import type { Permission } from '@keelson/contract'
import type { Queryable } from '../../kernel/db.ts'

export type DeviceRow = {
  device_digest: Buffer
  user_code: string
  client: string
  scopes: Permission[] | null
  created_at: Date
  expires_at: Date
  address: string | null
  user_agent: string | null
  last_polled_at: Date | null
  decided_at: Date | null
  /** Decided without: denied. */
  principal_id: string | null
  authenticated_at: Date | null
}

const columns = `device_digest, user_code, client, scopes, created_at, expires_at, address, user_agent,
  last_polled_at, decided_at, principal_id, authenticated_at`

/** Counting and adding are one step. */
export const lockDeviceRequests = async (tx: Queryable): Promise<void> => {
  await tx.execute('lock table identity.device_request in share row exclusive mode')
}

/** Those that have not expired; who was decided about has only to ask once more. */
export const presentDevices = (
  tx: Queryable,
  now: Date,
): Promise<Pick<DeviceRow, 'address' | 'decided_at'>[]> =>
  tx.many('select address, decided_at from identity.device_request where expires_at > $1', [now])

export type NewDevice = Omit<
  DeviceRow,
  'last_polled_at' | 'decided_at' | 'principal_id' | 'authenticated_at'
>

export const insertDevice = async (tx: Queryable, given: NewDevice): Promise<void> => {
  await tx.execute(
    `insert into identity.device_request
       (device_digest, user_code, client, scopes, created_at, expires_at, address, user_agent)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[given.device_digest, given.user_code, given.client, given.scopes, given.created_at],
      ...[given.expires_at, given.address, given.user_agent],
    ],
  )
}

export const deleteOverDevices = async (db: Queryable, before: Date): Promise<void> => {
  await db.execute('delete from identity.device_request where expires_at < $1', [before])
}

/** Still to be decided; nobody else decides it until the transaction ends. */
export const findUndecided = (
  tx: Queryable,
  userCode: string,
  now: Date,
): Promise<DeviceRow | undefined> =>
  tx.maybe<DeviceRow>(
    `select ${columns} from identity.device_request
     where user_code = $1 and expires_at > $2 and decided_at is null for update`,
    [userCode, now],
  )

export const decideDevice = async (
  tx: Queryable,
  decision: {
    digest: Buffer
    now: Date
    principalId: string | null
    authenticatedAt: Date | null
  },
): Promise<void> => {
  await tx.execute(
    `update identity.device_request
     set decided_at = $2, principal_id = $3, authenticated_at = $4 where device_digest = $1`,
    [decision.digest, decision.now, decision.principalId, decision.authenticatedAt],
  )
}

/** Two who ask at once come one after the other. */
export const lockDevice = (tx: Queryable, digest: Buffer): Promise<DeviceRow | undefined> =>
  tx.maybe<DeviceRow>(
    `select ${columns} from identity.device_request where device_digest = $1 for update`,
    [digest],
  )

export const notePoll = async (tx: Queryable, digest: Buffer, now: Date): Promise<void> => {
  await tx.execute(
    'update identity.device_request set last_polled_at = $2 where device_digest = $1',
    [digest, now],
  )
}

export const deleteDevice = async (tx: Queryable, digest: Buffer): Promise<void> => {
  await tx.execute('delete from identity.device_request where device_digest = $1', [digest])
}

/** Who approved, if they may still sign in. */
export const findApprover = (
  tx: Queryable,
  principalId: string,
): Promise<{ id: string; name: string } | undefined> =>
  tx.maybe<{ id: string; name: string }>(
    'select id, name from identity.principal where id = $1 and disabled_at is null',
    [principalId],
  )
