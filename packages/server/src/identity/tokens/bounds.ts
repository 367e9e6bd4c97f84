import type { Permission } from '@keelson/contract'
import { can, type Actor } from '../../kernel/actor.ts'
import { AppError } from '../../kernel/errors.ts'
import { isWithin, readNetwork } from './networks.ts'

/** How far a token reaches. */
export type Reach = {
  /** null: all that its owner may. */
  scopes: readonly Permission[] | null
  /** CIDR ranges; empty: from everywhere. */
  networks: readonly string[]
  /** null: for ever. */
  expiresAt: Date | null
}

/**
 * What somebody makes reaches no further than what they came with: a program could otherwise turn a
 * narrow token, or a short one, into a wide one. A person who proved who they are came with all they
 * may, and their session ends for other reasons than a token of theirs.
 */
export const refuseWider = (asked: Reach, maker: Reach): void => {
  const why = beyond(asked, maker)
  if (why !== null) throw new AppError('token_refused', { message: why })
}

/** What becomes of a token is not for one that reaches less far. Throws AppError `token_refused`. */
export const refuseNarrower = (token: Reach, own: Reach): void => {
  if (beyond(token, own) === null) return
  const message = 'The token reaches further than yours: use that one, or one that reaches as far'
  throw new AppError('token_refused', { message })
}

const beyond = (asked: Reach, { scopes, networks, expiresAt }: Reach): string | null => {
  if (scopes !== null && asked.scopes?.every((scope) => scopes.includes(scope)) !== true) {
    return `Your own token has scopes: name some of ${scopes.join(', ')}`
  }
  const ranges = networks.map(readNetwork)
  const isWide = asked.networks.length === 0 && ranges.length > 0
  if (isWide || !asked.networks.every((network) => isWithin(ranges, readNetwork(network)))) {
    return `Your own token is for some networks: name some within ${networks.join(', ')}`
  }
  if (expiresAt !== null && (asked.expiresAt === null || asked.expiresAt > expiresAt)) {
    return `Your own token ends at ${expiresAt.toISOString()}: name an end until then`
  }
  return null
}

/** Scopes that the maker holds somewhere, who bounds the token. Throws AppError `token_refused`. */
export const refuseScopesNotHeld = (scopes: readonly Permission[] | null, actor: Actor): void => {
  if (scopes?.length === 0) {
    throw new AppError('token_refused', { message: 'Name one scope at least, or none for all' })
  }
  const more = scopes?.find((scope) => !can(actor, scope))
  if (more === undefined) return
  throw new AppError('token_refused', { message: `The scope ${more} is more than you may` })
}
