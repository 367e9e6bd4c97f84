import type { Permission } from '@keelson/contract'
import type { Audit } from '../../kernel/audit/index.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db, Tx } from '../../kernel/db.ts'
import { newId } from '../../kernel/ids.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { digestOf, newToken } from '../one-time.ts'
import { networkOf } from '../../kernel/network.ts'
import { bearerOf, clientObject, type Caller } from './actors.ts'
import {
  deleteFamiliesBeyond,
  deleteFamiliesOf,
  deleteFamily,
  deleteOverFamilies,
  familyOfToken,
  findRefreshToken,
  forgetSuccessors,
  insertFamily,
  insertRefreshToken,
  lockFamily,
  touchFamily,
  useRefreshToken,
  type FamilyRow,
  type RefreshRow,
} from './family-store.ts'

const dayMs = 24 * 3_600_000
/** ASVS 5.0 10.4.8: however often it is refreshed, a person signs a program in once a month. */
const lifeMs = 30 * dayMs
/** Two tabs that refresh at once, or an answer that was lost and is asked for again. */
const replayMs = 10_000
/** Kept beyond its end, so that a clock that jumps ahead and back ends nobody's program. */
const keptMs = 30 * dayMs
/** Of one person; those used longest ago end. */
const familiesMax = 50
/** How often two who share successors may overtake each other within `replayMs`. */
const stepsMax = 20

const prefix = 'krt_'
const sealPurpose = 'refresh-successor'
export const isRefreshToken = (token: string): boolean => token.startsWith(prefix)

export type Issued = { family: FamilyRow; refreshToken: string }

export type Families = {
  /** In the transaction that uses the approval up. */
  begin(tx: Tx, given: Beginning, caller: Caller): Promise<Issued>
  /**
   * Null: not valid, or no more; then nothing else of its family is either, if it was used before. What
   * `accept` throws leaves everything as it was.
   */
  refresh(
    token: string,
    client: string,
    caller: Caller,
    accept?: (family: FamilyRow) => void,
  ): Promise<Issued | null>
  /** Ends the family of a token that is, or was, valid. */
  revokeBy(token: string, caller: Caller): Promise<void>
  revoke(familyId: string, caller: Caller): Promise<void>
  /** All of a person: how many. */
  endAll(tx: Tx, principalId: string): Promise<number>
  /** Deletes what nobody needs any more. */
  sweep(): Promise<void>
}

export type Beginning = {
  principal: { id: string; name: string }
  client: string
  scopes: Permission[] | null
  authenticatedAt: Date
}

type Deps = { db: Db; clock: Clock; keyring: Keyring; epoch: Epoch; audit: Audit }

/** Programs that people signed in: each sign-in is a family of refresh tokens that follow one another. */
export const createFamilies = ({ db, clock, keyring, epoch, audit }: Deps): Families => {
  const actorFor = (family: FamilyRow, caller: Caller) =>
    bearerOf(caller, {
      ...{ kind: 'user', id: family.principal_id, name: family.name },
      credential: `client:${family.id}`,
    })

  const end = async (
    tx: Tx,
    family: FamilyRow,
    action: 'client.reused' | 'client.revoked',
    caller: Caller,
  ): Promise<void> => {
    await deleteFamily(tx, family.id)
    await epoch.advance(tx, 'credentials')
    audit.record(tx, actorFor(family, caller), { action, object: clientObject(family) })
  }

  const addToken = async (tx: Tx, familyId: string): Promise<string> => {
    const token = prefix + newToken()
    await insertRefreshToken(tx, { digest: digestOf(token), familyId, now: clock.now() })
    return token
  }

  /** The last successor of a token that was used a moment ago from the same place; null: not so. */
  const successorOf = async (tx: Tx, used: RefreshRow, by: string): Promise<string | null> => {
    let row = used
    for (let step = 0; step < stepsMax; step += 1) {
      const { used_at, used_by, sealed_successor } = row
      const ageMs = clock.now().getTime() - (used_at?.getTime() ?? 0)
      if (Math.abs(ageMs) > replayMs || used_by !== by || sealed_successor === null) return null
      const bound = row.token_digest.toString('hex')
      const token = keyring.open(sealPurpose, sealed_successor, bound).toString()
      const next = await findRefreshToken(tx, digestOf(token))
      if (next === undefined) return null
      if (next.used_at === null) return token
      row = next
    }
    return null
  }

  const exchange = async (
    tx: Tx,
    family: FamilyRow,
    { digest, by, caller }: { digest: Buffer; by: string; caller: Caller },
  ): Promise<string> => {
    const now = clock.now()
    const successor = await addToken(tx, family.id)
    const bound = digest.toString('hex')
    const sealedSuccessor = keyring.seal(sealPurpose, Buffer.from(successor), bound)
    const usedBefore = new Date(now.getTime() - replayMs)
    await forgetSuccessors(tx, { usedBefore, familyId: family.id })
    await useRefreshToken(tx, { digest, by, sealedSuccessor, now })
    const { userAgent, seen } = caller
    await touchFamily(tx, { id: family.id, now, address: seen.address, userAgent })
    return successor
  }

  const isUsable = (family: FamilyRow, client: string): boolean =>
    family.disabled_at === null && family.expires_at > clock.now() && family.client === client

  return {
    async begin(tx, { principal, client, scopes, authenticatedAt }, caller) {
      const now = clock.now()
      const family: FamilyRow = {
        ...{ id: newId(), principal_id: principal.id, name: principal.name, disabled_at: null },
        ...{ client, scopes, created_at: now, authenticated_at: authenticatedAt },
        ...{ last_used_at: now, expires_at: new Date(now.getTime() + lifeMs) },
        ...{ address: caller.seen.address, user_agent: caller.userAgent },
      }
      await insertFamily(tx, family)
      const ended = await deleteFamiliesBeyond(tx, principal.id, familiesMax)
      if (ended > 0) await epoch.advance(tx, 'credentials')
      const refreshToken = await addToken(tx, family.id)
      audit.record(tx, actorFor(family, caller), {
        ...{ action: 'client.issued', object: clientObject(family) },
        after: { scopes, endedForIt: ended },
      })
      return { family, refreshToken }
    },

    refresh: (token, client, caller, accept) =>
      // All or nothing: whoever is interrupted asks again, and gets what was made or makes it.
      db.transaction(async (tx) => {
        const digest = digestOf(token)
        const family = await lockedFamily(tx, digest)
        if (family === undefined || !isUsable(family, client)) return null
        // Read under the lock of its family: what it was before that says nothing.
        const row = await findRefreshToken(tx, digest)
        if (row === undefined) return null
        const by = networkOf(caller.seen.address)
        const refreshToken =
          row.used_at === null
            ? await exchange(tx, family, { digest, by, caller })
            : await successorOf(tx, row, by)
        if (refreshToken === null) {
          await end(tx, family, 'client.reused', caller)
          return null
        }
        accept?.(family)
        audit.record(tx, actorFor(family, caller), {
          ...{ action: 'client.issued', object: clientObject(family) },
        })
        return { family, refreshToken }
      }),

    revokeBy: (token, caller) =>
      db.transaction(async (tx) => {
        const family = await lockedFamily(tx, digestOf(token))
        if (family !== undefined) await end(tx, family, 'client.revoked', caller)
      }),

    revoke: (familyId, caller) =>
      db.transaction(async (tx) => {
        const family = await lockFamily(tx, familyId)
        if (family !== undefined) await end(tx, family, 'client.revoked', caller)
      }),

    async endAll(tx, principalId) {
      const ended = await deleteFamiliesOf(tx, principalId)
      if (ended > 0) await epoch.advance(tx, 'credentials')
      return ended
    },

    async sweep() {
      const nowMs = clock.now().getTime()
      await deleteOverFamilies(db, new Date(nowMs - keptMs))
      await forgetSuccessors(db, { usedBefore: new Date(nowMs - replayMs) })
    },
  }
}

const lockedFamily = async (tx: Tx, digest: Buffer): Promise<FamilyRow | undefined> => {
  const familyId = await familyOfToken(tx, digest)
  return familyId === undefined ? undefined : lockFamily(tx, familyId)
}
