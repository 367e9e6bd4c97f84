import { createHash, randomBytes } from 'node:crypto'
import type { Tx } from '../../kernel/db.ts'
import { replaceRecoveryCodes, takeRecoveryCode } from './store.ts'

const codesCount = 8
/** 120 bits are 24 characters of five bits: none is left over. */
const codeBytes = 15
/** Crockford's base32: no I, L, O and U, so that nothing is mistaken on paper. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX` */
const newCode = (): string => {
  const bits = [...randomBytes(codeBytes)].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  const letters = (bits.match(/.{5}/g) ?? []).map((five) => alphabet[Number.parseInt(five, 2)])
  return (letters.join('').match(/.{4}/g) ?? []).join('-')
}

/** As it was made, whatever case, spaces or look-alikes it was typed with. */
const plain = (typed: string): string =>
  typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')

const digestOfCode = (typed: string): Buffer => createHash('sha256').update(plain(typed)).digest()

/** Those before stop working; the new ones are shown once and kept as digests. */
export const makeRecoveryCodes = async (tx: Tx, principalId: string): Promise<string[]> => {
  const codes = Array.from({ length: codesCount }, newCode)
  await replaceRecoveryCodes(tx, principalId, codes.map(digestOfCode))
  return codes
}

/** Uses it up; false: there is no such one. */
export const useRecoveryCode = (tx: Tx, principalId: string, typed: string): Promise<boolean> =>
  takeRecoveryCode(tx, principalId, digestOfCode(typed))
