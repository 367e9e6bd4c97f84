import type Docker from 'dockerode'
import type { ContainerInfo } from './container-labels.ts'

type Networks = Readonly<Record<string, { IPAddress?: string }>> | null | undefined

const addressesOf = (networks: Networks): string =>
  Object.entries(networks ?? {})
    .map(([name, { IPAddress = '' }]) => `${name} ${IPAddress}`)
    .sort()
    .join()

/** Nothing that is told of a running one differs: it may be paused, and in other networks. */
export const isSame = (before: ContainerInfo, now: ContainerInfo): boolean =>
  before.State.Paused === now.State.Paused &&
  addressesOf(before.NetworkSettings.Networks) === addressesOf(now.NetworkSettings.Networks)

/** Does the list of what runs say something else than what is known? */
export const isNews = (
  { ended, info }: { ended: unknown; info: ContainerInfo },
  listed: Docker.ContainerInfo | undefined,
): boolean => {
  if (listed === undefined || ended !== null) return (listed === undefined) === (ended === null)
  return (
    (listed.State === 'paused') !== info.State.Paused ||
    addressesOf(listed.NetworkSettings.Networks) !== addressesOf(info.NetworkSettings.Networks)
  )
}
