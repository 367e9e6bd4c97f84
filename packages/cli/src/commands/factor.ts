import type { Context } from '../context.ts'
import { tellLink } from '../one-time-link.ts'
import { getRunning } from '../platform.ts'
import { tellOne } from '../rows.ts'

const sentenceOf = (roles: readonly string[], before: readonly string[] = roles): string => {
  const gone = before.filter((role) => !roles.includes(role))
  const now =
    roles.length === 0
      ? 'A second factor is asked of nobody'
      : `A second factor is asked of: ${roles.join(', ')}`
  return gone.length === 0 ? now : `${now}; no longer of: ${gone.join(', ')}`
}

/** Says whose roles ask for a second factor, or says it anew: of exactly those that are named. */
export const requireFactor = async (
  context: Context,
  { nobody }: { nobody?: boolean },
  roles: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  if (roles.length === 0 && nobody !== true) {
    const policy = await call('getSignInPolicy')
    return tellOne(context, policy, sentenceOf(policy.factorRoles))
  }
  // Whoever may write it and not read it is told less.
  const before = await call('getSignInPolicy').catch(() => undefined)
  const policy = await call('putSignInPolicy', { body: { factorRoles: [...roles] } })
  return tellOne(context, policy, sentenceOf(policy.factorRoles, before?.factorRoles))
}

export const resetFactors = async (
  context: Context,
  _options: object,
  [user = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  const told = await call('deleteUserFactors', { params: { user } })
  const { found, link } = told
  const sentence = found
    ? `${user} has no second factor any more, and is signed out everywhere`
    : `${user} has no second factor: nothing was changed`
  if (link === null || context.shared.json) return tellOne(context, told, sentence)
  context.output.message(`${sentence}. Nothing is left to sign in by: they join anew by this link`)
  return tellLink(context, link)
}
