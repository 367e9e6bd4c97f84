import type { Permission } from '@keelson/contract'
import type { Actor } from '../../kernel/actor.ts'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { digestOf, newToken } from '../one-time.ts'
import { networkOf, wideNetworkOf } from '../../kernel/network.ts'
import { createThrottle } from '../people/throttle.ts'
import { sessionIn } from '../sessions/sessions.ts'
import { clientObject, type Caller } from './actors.ts'
import {
  decideDevice,
  deleteDevice,
  deleteOverDevices,
  findApprover,
  findUndecided,
  insertDevice,
  lockDevice,
  lockDeviceRequests,
  notePoll,
  presentDevices,
  type DeviceRow,
} from './device-store.ts'
import type { Families, Issued } from './families.ts'
import { OAuthError } from './oauth-error.ts'
import { asUserCode, newUserCode } from './user-codes.ts'

const lifeMs = 10 * 60_000
const intervalMs = 5000
/** Beyond its end, so that a program that still asks is told why it gets nothing. */
const keptMs = 10 * 60_000
/** To be decided at once, of one network (/24, /64). */
const ofNetworkMax = 20
/** Those that are decided as well: of one wide network (/24, /48), so that none fills it all; altogether. */
const ofWideNetworkMax = 100
const presentMax = 1000

/** RFC 8628 3.2. */
export type DeviceAuthorization = {
  device_code: string
  user_code: string
  verification_uri: string
  verification_uri_complete: string
  expires_in: number
  interval: number
}

type Deps = { db: Db; clock: Clock; audit: Audit; families: Families; publicUrl: string }

/** RFC 8628: a program shows a code, and a person lets it act as them in a browser. */
export const createDeviceRequests = (deps: Deps) => {
  const { db, clock, audit, families, publicUrl } = deps
  /** Its own: whoever mistypes a code can still sign in. */
  const throttle = createThrottle(clock)

  const refuseCrowd = async (tx: Tx, address: string | null, now: Date): Promise<void> => {
    const present = await presentDevices(tx, now)
    const wide = wideNetworkOf(address)
    const ofWide = present.filter((one) => wideNetworkOf(one.address) === wide)
    const network = networkOf(address)
    const ofNetwork = ofWide.filter(
      (one) => one.decided_at === null && networkOf(one.address) === network,
    )
    const isCrowded =
      present.length >= presentMax ||
      ofWide.length >= ofWideNetworkMax ||
      ofNetwork.length >= ofNetworkMax
    if (!isCrowded) return
    throw new OAuthError('slow_down', 'Too many programs wait to be signed in: try again later')
  }

  /** Runs with the request of a code that somebody typed; wrong codes make the next one wait. */
  const withCode = async <T>(
    actor: Actor,
    userCode: string,
    work: (tx: Tx, row: DeviceRow) => Promise<T>,
  ): Promise<T> => {
    refuseWithoutBrowser(actor)
    const attempt = throttle.begin({
      ...{ nameKey: actor.id, address: actor.origin.address, knownDevice: null },
    })
    const found = await db
      .transaction(async (tx) => {
        const row = await findUndecided(tx, asUserCode(userCode), clock.now())
        return row === undefined ? null : { answer: await work(tx, row) }
      })
      .catch(attempt.untried)
    if (found === null) {
      const message = 'No program shows this code; it may have expired, or be decided already'
      throw new AppError('not_found', { message })
    }
    attempt.succeeded()
    return found.answer
  }

  /** In the transaction that has locked it. */
  const redeem = async (tx: Tx, row: DeviceRow, caller: Caller): Promise<Issued | OAuthError> => {
    const { principal_id: id, authenticated_at: authenticatedAt, client, scopes } = row
    await deleteDevice(tx, row.device_digest)
    const principal = id === null ? undefined : await findApprover(tx, id)
    if (principal === undefined || authenticatedAt === null) {
      return new OAuthError('access_denied', 'The person did not let the program in')
    }
    return families.begin(tx, { principal, client, scopes, authenticatedAt }, caller)
  }

  return {
    /** Throws OAuthError `slow_down`. */
    async ask(
      { client, scopes }: { client: string; scopes: Permission[] | null },
      { seen: { address }, userAgent }: Caller,
    ): Promise<DeviceAuthorization> {
      const now = clock.now()
      const deviceCode = newToken()
      const userCode = newUserCode()
      await db.transaction(async (tx) => {
        await lockDeviceRequests(tx)
        await deleteOverDevices(tx, new Date(now.getTime() - keptMs))
        await refuseCrowd(tx, address, now)
        await insertDevice(tx, {
          ...{ device_digest: digestOf(deviceCode), user_code: userCode, client, scopes },
          ...{ created_at: now, expires_at: new Date(now.getTime() + lifeMs) },
          ...{ address, user_agent: userAgent },
        })
      })
      const page = `${publicUrl}/device`
      return {
        ...{ device_code: deviceCode, user_code: userCode, verification_uri: page },
        // In the fragment: it reaches no server, proxy, log or referrer.
        verification_uri_complete: `${page}#${userCode}`,
        ...{ expires_in: lifeMs / 1000, interval: intervalMs / 1000 },
      }
    },

    /** Throws AppError `not_found`, `sign_in_delayed`, `factor_required`, `forbidden`. */
    read: (actor: Actor, userCode: string): Promise<DeviceRow> =>
      withCode(actor, userCode, async (_tx, row) => row),

    /** Throws as `read` does. */
    decide: (actor: Actor, userCode: string, approve: boolean): Promise<void> =>
      withCode(actor, userCode, async (tx, row) => {
        await decideDevice(tx, {
          ...{ digest: row.device_digest, now: clock.now() },
          principalId: approve ? actor.id : null,
          authenticatedAt: approve ? actor.origin.authenticatedAt : null,
        })
        audit.record(tx, actor, {
          action: approve ? 'client.approved' : 'client.refused',
          object: clientObject({ id: row.client, client: row.client }),
          after: { scopes: row.scopes, address: row.address },
        })
      }),

    /** Throws OAuthError as of RFC 8628 3.5. */
    async poll(deviceCode: string, client: string, caller: Caller): Promise<Issued> {
      const answer = await db.transaction(async (tx): Promise<Issued | OAuthError> => {
        const now = clock.now()
        const row = await lockDevice(tx, digestOf(deviceCode))
        if (row === undefined || row.client !== client) {
          return new OAuthError('invalid_grant', 'This device code is wrong, or was used')
        }
        if (row.expires_at <= now) return new OAuthError('expired_token', 'The code has expired')
        const sinceMs = now.getTime() - (row.last_polled_at?.getTime() ?? -Infinity)
        await notePoll(tx, row.device_digest, now)
        if (Math.abs(sinceMs) < intervalMs) return new OAuthError('slow_down', 'Wait 5 s longer')
        if (row.decided_at !== null) return redeem(tx, row, caller)
        return new OAuthError('authorization_pending', 'Nobody has decided yet')
      })
      // Thrown only now: what was noted stays noted.
      if (answer instanceof OAuthError) throw answer
      return answer
    },
  }
}

export type DeviceRequests = ReturnType<typeof createDeviceRequests>

/** A program must not let in another, nor may whoever has not finished to sign in. */
const refuseWithoutBrowser = (actor: Actor): void => {
  if (actor.kind !== 'user' || sessionIn(actor) === null) {
    throw new AppError('forbidden', { message: 'Programs are signed in on the page' })
  }
  if (actor.factorNeeded) throw new AppError('factor_required')
}
