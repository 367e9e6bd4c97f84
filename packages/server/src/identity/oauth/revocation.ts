import type { AccessTokens } from './access-tokens.ts'
import type { Caller } from './actors.ts'
import { isRefreshToken, type Families } from './families.ts'

type Deps = { families: Families; accessTokens: AccessTokens }

/**
 * RFC 7009: whoever has a token of a program may end its sign-in, with all tokens of it. What was made
 * from an API token, or for a service, ends by itself. A token that is nothing is nothing to end.
 */
export const createRevocation =
  ({ families, accessTokens }: Deps) =>
  async (token: string, caller: Caller): Promise<void> => {
    if (isRefreshToken(token)) return families.revokeBy(token, caller)
    const origin = accessTokens.isOne(token) ? await accessTokens.originOf(token) : null
    if (origin?.kind === 'family') await families.revoke(origin.id, caller)
  }
