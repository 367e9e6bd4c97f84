import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Db } from '../db.ts'
import { AppError } from '../errors.ts'
import type { Keyring } from './keyring.ts'

/**
 * Holds the keyring against what the database has seen before: a lost or foreign key is told at the
 * start, instead of by everything that no longer opens. Throws AppError `master_key_wrong`.
 */
export const checkKeyring = async (db: Db, keyring: Keyring): Promise<void> => {
  const seen = await db.many<{ number: number; proof: Buffer }>(
    'select number, proof from kernel.master_key order by number',
  )
  for (const { number, proof } of seen) {
    if (!keyring.numbers.includes(number)) {
      throw new AppError('master_key_wrong', {
        message: `The database was used with master key ${number}, which is not there`,
      })
    }
    if (!timingSafeEqual(proofOf(keyring, number), proof)) {
      throw new AppError('master_key_wrong', {
        message: `Master key ${number} is not the one the database was used with`,
      })
    }
  }
  for (const number of keyring.numbers) {
    await db.execute(
      'insert into kernel.master_key (number, proof) values ($1, $2) on conflict do nothing',
      [number, proofOf(keyring, number)],
    )
  }
}

const proofOf = (keyring: Keyring, number: number): Buffer =>
  createHmac('sha256', keyring.derive('check', number)).update(String(number)).digest()
