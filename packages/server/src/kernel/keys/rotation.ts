import type { MasterKeys } from '@keelson/contract'
import { systemActor, type Actor } from '../actor.ts'
import type { Audit } from '../audit/audit.ts'
import type { Db } from '../db.ts'
import { AppError, messageOf } from '../errors.ts'
import type { Log } from '../log.ts'
import { createKeyring, type OwnKeyring } from './keyring.ts'
import { addKey, masterKeyFile, readKeys, removeKey, type KeySource } from './open-keyring.ts'
import { reseal } from './reseal.ts'
import type { NumberedColumn, SealedColumn } from './sealed.ts'
import {
  countNumbered,
  countSealed,
  deleteProof,
  insertProofs,
  isAudited,
  proofOf,
  selectNumbers,
  type Holding,
} from './store.ts'

type Deps = {
  db: Db
  log: Log
  audit: Pick<Audit, 'record'>
  keyring: OwnKeyring
  source: KeySource
  /** All that is sealed for longer than a minute. */
  sealed: readonly SealedColumn[]
  numbered: readonly NumberedColumn[]
}

export type KeyRotation = ReturnType<typeof createKeyRotation>

const platform = { kind: 'platform', id: 'platform', name: 'platform' } as const

/**
 * Takes up new master keys while the platform runs. An older key is never forgotten by itself: rows of
 * the audit are verified with the key they were written under, for as long as they are kept.
 */
export const createKeyRotation = (deps: Deps) => {
  const { db, log, audit, keyring, source } = deps
  const stop = new AbortController()
  let resealing = false
  let background = Promise.resolve()
  /** One at a time: two who rotate at once make two keys, one after the other. */
  let last: Promise<unknown> = Promise.resolve()

  const resealOlder = (): void => {
    background = background.then(async () => {
      resealing = true
      try {
        for (const column of deps.sealed) await reseal({ db, log, keyring, column }, stop.signal)
      } catch (error) {
        // The next start, or the next rotation, goes on from there.
        log.error({ reason: messageOf(error) }, 'what older master keys sealed is not sealed anew')
      } finally {
        resealing = false
      }
    })
  }

  /** Says in the database and the audit that keys are used which it has not seen. */
  const takeUp = async (ring: OwnKeyring, actor: Actor): Promise<boolean> =>
    db.transaction(async (tx) => {
      const seen = await selectNumbers(tx)
      // A lower one was dropped, and its line left where we cannot write.
      const news = ring.numbers.filter((number) => number > (seen.at(-1) ?? 0))
      if (news.length === 0) return false
      await insertProofs(tx, ring, news)
      const [before, after] = [seen.at(-1) ?? null, ring.current]
      audit.record(tx, actor, {
        ...{ action: 'master_key.rotated', object: platform },
        ...{ before: { key: before }, after: { key: after } },
      })
      return true
    })

  /** What file or command yield, if they still yield all keys of before. */
  const readAgain = async (): Promise<ReadonlyMap<number, Buffer>> => {
    const keys = await readKeys(source)
    const ring = createKeyring(keys)
    for (const number of keyring.numbers) {
      const isSame = keys.has(number) && proofOf(ring, number).equals(proofOf(keyring, number))
      if (isSame) continue
      throw new AppError('master_key_wrong', {
        message: `Master key ${number}, which is in use, is no longer there or another one`,
      })
    }
    return keys
  }

  const rotate = async (actor: Actor): Promise<void> => {
    let keys = await readAgain()
    if (Math.max(...keys.keys()) <= keyring.current) {
      if (source.command !== undefined) throw nothingNewer(keyring.current)
      await addKey(source, keyring.current + 1)
      keys = await readAgain()
    }
    const former = keyring.current
    await takeUp(createKeyring(keys), actor)
    keyring.replace(keys)
    log.info({ former, current: keyring.current }, 'another master key is in use')
    resealOlder()
  }

  const status = async (): Promise<MasterKeys> => {
    const held: Holding[] = []
    for (const column of deps.sealed) held.push(...(await countSealed(db, column)))
    for (const column of deps.numbered) held.push(...(await countNumbered(db, column)))
    const keys: MasterKeys['keys'] = []
    for (const number of keyring.numbers) {
      const holds = held.filter((each) => each.number === number)
      keys.push({
        ...{ number, inUse: number === keyring.current },
        holds: holds.map(({ what, count }) => ({ what, count })),
        audited: await isAudited(db, number),
      })
    }
    const isFile = source.command === undefined
    return {
      ...{ source: isFile ? 'file' : 'command', file: isFile ? masterKeyFile(source) : null },
      inDataFolder: isFile && masterKeyFile(source).startsWith(`${source.dataDir}/`),
      fault: await readAgain().then(() => null, messageOf),
      ...{ resealing, keys },
    }
  }

  const drop = async (number: number, actor: Actor): Promise<void> => {
    const key = (await status()).keys.find((each) => each.number === number)
    if (key === undefined) {
      throw new AppError('not_found', { message: `There is no master key ${number}` })
    }
    const needs = [
      ...(key.inUse ? ['what is sealed and proved from now on'] : []),
      ...key.holds.map(({ what, count }) => `${count} ${what}`),
      ...(key.audited ? ['verifying the audit'] : []),
    ]
    if (needs.length > 0) {
      const message = `Master key ${number} is needed for ${needs.join(', ')}`
      throw new AppError('master_key_in_use', { message })
    }
    // The database first: what it says was used must be there at the next start.
    await db.transaction(async (tx) => {
      await deleteProof(tx, number)
      audit.record(tx, actor, {
        ...{ action: 'master_key.dropped', object: platform, before: { key: number } },
      })
    })
    keyring.forget(number)
    if (source.command === undefined) await removeKey(source, number)
  }

  const inTurn = async (change: () => Promise<void>): Promise<MasterKeys> => {
    const turn = last.then(change)
    last = turn.catch(() => undefined)
    await turn
    return status()
  }

  return {
    /** Keys that were added while the platform did not run count from now on. */
    async start(): Promise<void> {
      if (await takeUp(keyring, systemActor))
        log.info({ current: keyring.current }, 'another master key is in use')
      resealOlder()
    },
    /**
     * Uses a newer key from now on: the one that somebody has added to the file or the command, else,
     * for a file, one that is made. Throws AppError `master_key_unavailable`, `master_key_wrong`.
     */
    rotate: (actor: Actor): Promise<MasterKeys> => inTurn(() => rotate(actor)),
    /** Throws AppError `master_key_in_use`, `not_found`, `master_key_unavailable`. */
    drop: (number: number, actor: Actor): Promise<MasterKeys> => inTurn(() => drop(number, actor)),
    status,
    /** Resolves when nothing is being sealed anew. */
    settled: (): Promise<void> => background,
    async stop(): Promise<void> {
      stop.abort()
      await background
    },
  }
}

const nothingNewer = (current: number): AppError =>
  new AppError(
    'master_key_unavailable',
    { message: `KEELSON_MASTER_KEY_COMMAND yields no key after ${current}` },
    { hint: 'Add a line to what it prints, as keelson keys new makes one, and rotate again.' },
  )
