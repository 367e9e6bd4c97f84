import type { GatewayManager } from '@keelson/contract'

/** A name for an address: `api`, `file:shop`. */
export const managerKey = ({ kind, stack }: Pick<GatewayManager, 'kind' | 'stack'>): string =>
  stack === null ? kind : `${kind}:${stack}`

/** Only what the API manages can be changed from here; all else is changed where it is written. */
export const isManagedHere = ({ kind }: Pick<GatewayManager, 'kind'>): boolean => kind === 'api'

/** The stack of a manager's key; undefined for the API, and for none. */
export const stackOfKey = (key: string | undefined): string | undefined => {
  const at = key?.indexOf(':') ?? -1
  return at < 0 ? undefined : key?.slice(at + 1)
}
