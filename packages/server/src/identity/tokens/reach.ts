import type { Actor } from '../../kernel/actor.ts'
import type { Queryable } from '../../kernel/db.ts'
import { AppError } from '../../kernel/errors.ts'
import { makersOf } from '../access/rise.ts'
import type { Reach } from './bounds.ts'
import { findToken } from './store.ts'

/** How far what somebody came with reaches. */
export const reachOf = async (db: Queryable, actor: Actor): Promise<Reach> => {
  const { scopes, credential } = actor.origin
  const id = tokenIdIn(credential)
  if (id === undefined && actor.kind === 'user') return { scopes, networks: [], expiresAt: null }
  const token = id === undefined ? undefined : await findToken(db, id)
  return { scopes, networks: token?.networks ?? [], expiresAt: actor.expiresAt }
}

/**
 * A secret that was replaced goes on doing its work until it ends; what becomes of tokens is for the one
 * that replaced it. By what is so in this transaction. Throws AppError `token_refused`.
 */
export const refuseReplaced = async (tx: Queryable, { origin }: Actor): Promise<void> => {
  const { credential, secretNumber } = origin
  if (secretNumber === null) return
  const token = await findToken(tx, tokenIdIn(credential) ?? '')
  if (token?.secret_number === secretNumber) return
  const message = 'Your secret was replaced by another one: rotate and revoke tokens by that'
  throw new AppError('token_refused', { message })
}

const tokenIdIn = (credential: string | null): string | undefined =>
  /^token:(.+)$/.exec(credential ?? '')?.[1]

const makersMax = 10

/**
 * Who stands behind a token besides its owner: whoever makes it, and whoever made what they came with.
 * Throws AppError `token_refused`.
 */
export const boundsOf = (ownerId: string, actor: Actor): readonly string[] => {
  const makers = new Set(makersOf(actor))
  makers.delete(ownerId)
  if (makers.size <= makersMax) return [...makers]
  const message = `${makersMax} programs made tokens for one another already`
  throw new AppError('token_refused', { message })
}

/** A link leads into an account from everywhere and for good. Throws AppError `forbidden`. */
export const refuseNarrowed = async (db: Queryable, actor: Actor): Promise<void> => {
  const { scopes, networks, expiresAt } = await reachOf(db, actor)
  if (scopes === null && networks.length === 0 && expiresAt === null) return
  const message = 'Links have no bounds: make them by a token without scopes, networks and end'
  throw new AppError('forbidden', { message })
}
