import type { GatewayAcme } from '../../snapshot.ts'
import type { AcmeState } from '../../tls/acme/keeper.ts'

/** What the keeper of certificates tells to those that were made before it. */
export type AcmeBoard = {
  state: () => GatewayAcme | undefined
  states: () => readonly AcmeState[]
}

export const emptyBoard = (): AcmeBoard => ({ state: () => undefined, states: () => [] })
