import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits: too many to guess, so that a plain digest keeps them. */
export const newToken = (): string => randomBytes(32).toString('base64url')
export const digestOf = (token: string): Buffer => createHash('sha256').update(token).digest()
