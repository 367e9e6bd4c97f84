import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { Keyring } from '../keys/index.ts'

/** A lane up to a row: its number, and the chain in hex. */
export type LaneEnd = readonly [lane: number, number: string, chain: string]

export type CheckpointBody = {
  number: number
  /** ISO 8601. */
  at: string
  /** Digest of the checkpoint before; null for the first. */
  former: string | null
  heads: readonly LaneEnd[]
  dropped?: Dropped
}

/** What was old enough is gone: rows up to the end of each lane, and checkpoints before a number. */
export type Dropped = { ends: readonly LaneEnd[]; firstCheckpoint: number }

export type Checkpoint = { number: number; body: string; keyNumber: number; signature: Buffer }

/** DER of an Ed25519 private key in PKCS #8 but for its 32 bytes (RFC 8410, section 7). */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex')

const keyOf = (keyring: Keyring, number: number) =>
  createPrivateKey({
    key: Buffer.concat([privateKeyHead, keyring.derive('audit/sign', number)]),
    format: 'der',
    type: 'pkcs8',
  })

export const signCheckpoint = (keyring: Keyring, body: CheckpointBody): Checkpoint => {
  const text = JSON.stringify(body)
  const signature = sign(null, Buffer.from(text), keyOf(keyring, keyring.current))
  return { number: body.number, body: text, keyNumber: keyring.current, signature }
}

/** Whether it is signed by one of our keys. */
export const isSigned = (keyring: Keyring, { body, keyNumber, signature }: Checkpoint): boolean =>
  keyring.numbers.includes(keyNumber) &&
  verify(null, Buffer.from(body), createPublicKey(keyOf(keyring, keyNumber)), signature)

/** By which the next one names it. */
export const digestOf = ({ body, signature }: Checkpoint): string =>
  createHash('sha256').update(body).update(signature).digest('hex')

export const bodyOf = ({ body }: Checkpoint): CheckpointBody => JSON.parse(body) as CheckpointBody
