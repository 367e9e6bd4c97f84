import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, SignJWT, type JWK, type JWTPayload } from 'jose'
import type { Clock } from '../../kernel/clock.ts'
import type { Db } from '../../kernel/db.ts'
import { messageOf } from '../../kernel/errors.ts'
import type { Keyring } from '../../kernel/keys/index.ts'
import type { Log } from '../../kernel/log.ts'
import { deleteSigningKeys, extendSigning, insertSigningKey } from './key-store.ts'
import { listSigningKeys, lockSigningKeys, type SigningKeyRow } from './key-store.ts'

/** The one algorithm tokens are signed with and taken by. */
export const algorithm = 'EdDSA'

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
const signsForMs = 30 * dayMs
/** A key is made so long before the one that signs has served its time. */
const leadMs = dayMs
/** Whoever keeps our keys must have seen the next one before it signs; they keep them five minutes. */
const publishedAheadMs = 60 * minuteMs
/** The longest token and the tolerance of clocks, rounded up. */
const publishedAfterMs = 15 * minuteMs
/** So often each process looks which keys there are: well within the time they are published ahead. */
const lookMs = 10 * minuteMs
/** Kept beyond their use, so that a clock that jumps ahead and back takes none away. */
const keptMs = 30 * dayMs

export type SigningKeys = {
  /** Makes the first key when there is none. */
  start(): Promise<void>
  stop(): Promise<void>
  /** A JWT of this type by the key whose turn it is; its claims are the caller's. */
  sign(claims: JWTPayload, type: string): Promise<string>
  /** Among those that are published; nothing is looked up anywhere for a `kid` (ASVS 5.0 9.1.3). */
  find(kid: string | undefined): KeyObject | undefined
  /** RFC 7517. */
  published(): { keys: JWK[] }
}

type Deps = { db: Db; clock: Clock; log: Log; keyring: Keyring }

type Key = SigningKeyRow & { verifier: KeyObject; signer?: KeyObject | undefined }

/** The keys of our own tokens: made, published, used and replaced without anybody's help. */
export const createSigningKeys = ({ db, clock, log, keyring }: Deps): SigningKeys => {
  let keys: readonly Key[] = []
  let timer: { cancel(): void } | undefined
  let looking: Promise<void> = Promise.resolve()
  let stopped = false

  const make = async (signsFrom: Date): Promise<SigningKeyRow> => {
    const pair = generateKeyPairSync('ed25519')
    const jwk = pair.publicKey.export({ format: 'jwk' }) as JWK
    const id = await calculateJwkThumbprint(jwk)
    const secret = pair.privateKey.export({ format: 'der', type: 'pkcs8' })
    return {
      ...{ id, public_jwk: { ...jwk, kid: id, alg: algorithm, use: 'sig' } },
      sealed_private: keyring.seal(sealPurpose, secret, id),
      created_at: clock.now(),
      signs_from: signsFrom,
      signs_until: new Date(signsFrom.getTime() + signsForMs),
    }
  }

  const replaceIfDue = (): Promise<SigningKeyRow[]> =>
    db.transaction(async (tx) => {
      await lockSigningKeys(tx)
      const nowMs = clock.now().getTime()
      const last = (await listSigningKeys(tx)).at(-1)
      if (!isDue(last, nowMs)) return listSigningKeys(tx)
      if (last === undefined) await insertSigningKey(tx, await make(new Date(nowMs)))
      else {
        // After a long rest the former goes on for a while: the next one is seen before it signs.
        const from = new Date(Math.max(last.signs_until.getTime(), nowMs + publishedAheadMs))
        await extendSigning(tx, last.id, from)
        await insertSigningKey(tx, await make(from))
      }
      await deleteSigningKeys(tx, new Date(nowMs - keptMs))
      return listSigningKeys(tx)
    })

  const look = async (): Promise<void> => {
    let rows = await listSigningKeys(db)
    if (isDue(rows.at(-1), clock.now().getTime())) rows = await replaceIfDue()
    const known = new Map(keys.map((key) => [key.id, key]))
    keys = rows.map((row) => ({
      ...row,
      verifier: known.get(row.id)?.verifier ?? verifierOf(row.public_jwk),
      signer: known.get(row.id)?.signer,
    }))
  }

  const lookLater = (): void => {
    if (stopped) return
    timer = clock.setTimer(() => {
      looking = look()
        .catch((error: unknown) => {
          log.warn({ reason: messageOf(error) }, 'signing keys could not be looked at')
        })
        .finally(lookLater)
    }, lookMs)
  }

  /** Those that sign now or soon, and those whose tokens may still be out. */
  const isPublished = ({ signs_until }: Key): boolean =>
    clock.now().getTime() < signs_until.getTime() + publishedAfterMs

  const current = (): Key => {
    const nowMs = clock.now().getTime()
    // None yet: the clock went back behind the first.
    const key = keys.findLast(({ signs_from }) => signs_from.getTime() <= nowMs) ?? keys[0]
    if (key === undefined) throw new Error('signing keys are used before they are there')
    return key
  }

  const signerOf = (key: Key): KeyObject => {
    key.signer ??= createPrivateKey({
      ...{ key: keyring.open(sealPurpose, key.sealed_private, key.id) },
      ...{ format: 'der', type: 'pkcs8' },
    })
    return key.signer
  }

  return {
    async start() {
      await look()
      lookLater()
    },
    async stop() {
      stopped = true
      timer?.cancel()
      await looking
    },
    sign(claims, type) {
      const key = current()
      return new SignJWT(claims)
        .setProtectedHeader({ alg: algorithm, typ: type, kid: key.id })
        .sign(signerOf(key))
    },
    find: (kid) => keys.find((key) => key.id === kid && isPublished(key))?.verifier,
    published: () => ({ keys: keys.filter(isPublished).map(({ public_jwk }) => public_jwk) }),
  }
}

const sealPurpose = 'signing-key'

const verifierOf = (jwk: JWK): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: jwk.x ?? '' }, format: 'jwk' })

const isDue = (last: SigningKeyRow | undefined, nowMs: number): boolean =>
  last === undefined || last.signs_until.getTime() - nowMs <= leadMs
