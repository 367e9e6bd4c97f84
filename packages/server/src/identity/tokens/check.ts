import { isPermission } from '@keelson/contract'
import { LRUCache } from 'lru-cache'
import type { Origin } from '../../kernel/actor.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { AppError, messageOf } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Log } from '../../kernel/log.ts'
import type { Epoch } from '../epoch/epoch.ts'
import { digestOf } from '../one-time.ts'
import type { Principal } from '../principal.ts'
import { readToken, tokenPrefix } from './format.ts'
import { mayComeFrom, readNetwork, type Network } from './networks.ts'
import { createPeppers, type Kept } from './peppers.ts'
import { findCheckedToken, rewriteSecret, touchToken, type CheckedRow } from './store.ts'

const touchedEveryMs = 60_000
const believedMax = 10_000
const otherToken =
  'Make one that fits (keelson token create), or run commands as yourself: keelson login'

type Found = { row: CheckedRow; isFormer: boolean }
type Believed = Found & { networks: readonly Network[]; epoch: number; writtenMs: number }
type From = Pick<Origin, 'address'>

export type TokenCheck = {
  isOne(token: string): boolean
  /**
   * Null: no token, or one with another secret, that was revoked, or whose owner is disabled. Throws
   * AppError `unauthenticated` for the right secret at the wrong time or place.
   */
  authenticate(token: string, from: From): Promise<Principal | null>
}

type Deps = { db: Db; clock: Clock; log: Log; epoch: Epoch; keyring: Keyring }

export const createTokenCheck = ({ db, clock, log, epoch, keyring }: Deps): TokenCheck => {
  const peppers = createPeppers(keyring)
  /** By digest of the whole token. */
  const believed = new LRUCache<string, Believed>({ max: believedMax })

  const inBackground = (what: string, work: Promise<void>): void => {
    work.catch((error: unknown) => log.debug({ reason: messageOf(error) }, what))
  }

  const look = async (token: string): Promise<Found | null> => {
    const parts = readToken(token)
    if (parts === null) return null
    const row = await findCheckedToken(db.hot, parts.id)
    const present = row === undefined ? null : { mac: row.secret_mac, pepper: row.pepper }
    const former = row === undefined ? null : formerOf(row)
    const isPresent = peppers.isKept(parts, present)
    const isFormer = peppers.isKept(parts, former)
    const match = isPresent ? present : isFormer ? former : null
    if (row === undefined || match === null) return null
    if (peppers.isOld(match)) {
      const change = { before: match, kept: peppers.keep(parts) }
      inBackground('a token stays under an older pepper', rewriteSecret(db.hot, row.id, change))
    }
    return { row, isFormer: !isPresent }
  }

  const find = async (token: string): Promise<Believed | null> => {
    const key = digestOf(token).toString('base64')
    const present = epoch.now('credentials')
    const known = believed.get(key)
    if (known?.epoch === present) return known
    const found = await look(token)
    if (found === null) {
      believed.delete(key)
      return null
    }
    // The epoch from before the look: what was revoked meanwhile makes it another one.
    const fresh = {
      ...{ ...found, epoch: present, networks: found.row.networks.map(readNetwork) },
      writtenMs: found.row.last_used_at?.getTime() ?? -Infinity,
    }
    believed.set(key, fresh)
    return fresh
  }

  const use = (token: Believed, now: Date, { address }: From): void => {
    if (now.getTime() - token.writtenMs < touchedEveryMs) return
    token.writtenMs = now.getTime()
    const touched = touchToken(db.hot, token.row.id, { now, address })
    inBackground('last use of a token was not written', touched)
  }

  /** Whoever holds the right secret may know why it does not count. */
  const refuse = (token: Believed, { address }: From, now: Date): void => {
    const { row, networks } = token
    const end = endOf(token)
    const why =
      end !== null && end <= now
        ? `The token ${row.name} was for until ${end.toISOString()}`
        : mayComeFrom(networks, address)
          ? null
          : `The token ${row.name} is not for ${address ?? 'an unknown address'}`
    if (why !== null) throw new AppError('unauthenticated', { message: why }, { hint: otherToken })
  }

  return {
    isOne: (token) => token.startsWith(tokenPrefix),
    async authenticate(token, from) {
      const found = await find(token)
      if (found === null) return null
      const now = clock.now()
      refuse(found, from, now)
      use(found, now, from)
      return principalOf(found)
    },
  }
}

const formerOf = ({ former_mac, former_pepper, former_until }: CheckedRow): Kept | null =>
  former_mac === null || former_pepper === null || former_until === null
    ? null
    : { mac: former_mac, pepper: former_pepper }

const endOf = ({ row, isFormer }: Found): Date | null => {
  const { expires_at: end, former_until: formerEnd } = row
  if (!isFormer) return end
  return end === null || (formerEnd !== null && formerEnd < end) ? formerEnd : end
}

const principalOf = (found: Found): Principal => {
  const { row, isFormer } = found
  return {
    ...{ kind: row.principal_kind, id: row.principal_id, name: row.principal_name },
    // A permission that a newer or older program knows means nothing to this one.
    scopes: row.scopes?.filter(isPermission) ?? null,
    ...{ credential: `token:${row.id}`, provenBy: 'bearer', authenticatedAt: null },
    expiresAt: endOf(found),
    boundedBy: isFormer ? row.former_bounded_by : row.bounded_by,
    secretNumber: isFormer ? row.secret_number - 1 : row.secret_number,
  }
}
