import { createHash } from 'node:crypto'
import type { Findings } from './faults.ts'
import type { WrittenEntity } from './flatten.ts'
import type { EntityId } from './model.ts'
import type { VaultReader } from './vault.ts'

/** A password of basic-auth as it is kept: verifiable, not readable. */
const hashPassword = (consumer: EntityId, password: string): string =>
  `sha256:${createHash('sha256').update(`${consumer}:${password}`).digest('hex')}`

const kongHash = /^[\da-f]{40}$/i
const ownHash = /^(?:sha1:[\da-f]{40}|sha256:[\da-f]{64})$/

/**
 * With `_transform` passwords are plain and are hashed, else they are hashes. What a vault gave is
 * plain in both: nobody keeps a hash in a vault.
 */
export const protectPassword = (
  { id, value, path, label }: WrittenEntity,
  transform: boolean,
  vaults: VaultReader,
  findings: Findings,
): void => {
  const { password, consumer } = value
  if (typeof password !== 'string' || typeof consumer !== 'string') return
  const isReferred = vaults.references.some(({ entity }) => entity === id)
  if (transform || isReferred) value['password'] = hashPassword(consumer, password)
  else if (kongHash.test(password)) value['password'] = `sha1:${password.toLowerCase()}`
  else if (!ownHash.test(password)) {
    findings.add({
      path: [...path, 'password'],
      entity: label,
      message: 'With _transform: false, password must be a hash, as an export has it.',
      hint: 'Take _transform out to write passwords as they are.',
    })
  }
}
