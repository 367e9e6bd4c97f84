import type { GatewayAcme } from '../../snapshot.ts'
import type { Present } from './client.ts'

/**
 * Answers to challenges under way. `apply` puts `state` into effect: it resolves once every gateway
 * shows it, and rejects when one does not.
 */
export const createShown = (apply: () => Promise<void>) => {
  const challenges = new Map<string, string>()
  const proofs = new Map<string, string>()

  const present: Present = async ({ type, name, token, keyAuthorization, digest }) => {
    const [shown, key, value] =
      type === 'http-01'
        ? [challenges, token, keyAuthorization]
        : [proofs, name, digest.toString('base64url')]
    const forget = (): void => {
      // Somebody else may be proving the same name by now.
      if (shown.get(key) === value) shown.delete(key)
    }
    shown.set(key, value)
    try {
      await apply()
    } catch (error) {
      forget()
      throw error
    }
    return {
      withdraw: () => {
        forget()
        return apply()
      },
    }
  }

  return {
    present,
    state: (): Required<Pick<GatewayAcme, 'challenges' | 'proofs'>> => ({
      challenges: Object.fromEntries(challenges),
      proofs: Object.fromEntries(proofs),
    }),
  }
}
