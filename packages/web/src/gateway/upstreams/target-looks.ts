import type { GatewayTarget, GatewayUpstreamRow } from '@keelson/contract'
import type { IconName } from '../../ui/icon.tsx'

type Look = { word: string; icon: IconName; tone: string }

/** How each state is shown: always icon, word and colour together. */
export const targetLooks: Record<GatewayTarget['state'], Look> = {
  healthy: { word: 'Healthy', icon: 'healthy', tone: 'is-healthy' },
  unchecked: { word: 'Health checks off', icon: 'unknown', tone: 'is-unknown' },
  'half-open': { word: 'On trial', icon: 'starting', tone: 'is-starting' },
  draining: { word: 'Draining', icon: 'drain', tone: 'is-stopped' },
  unresolved: { word: 'Unresolved', icon: 'unknown', tone: 'is-unknown' },
  ejected: { word: 'Left out for a while', icon: 'degraded', tone: 'is-degraded' },
  unhealthy: { word: 'Unhealthy', icon: 'unhealthy', tone: 'is-unhealthy' },
}

const troubled = new Set<GatewayTarget['state']>(['ejected', 'unhealthy', 'unresolved'])

export const isTroubled = ({ panic, targets }: GatewayUpstreamRow): boolean =>
  panic !== null || targets.length === 0 || targets.some(({ state }) => troubled.has(state))

export const targetAddress = ({ host, port }: Pick<GatewayTarget, 'host' | 'port'>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Of one upstream: its instance and its address tell targets apart. */
export const targetKey = (target: GatewayTarget): string =>
  `${target.instance} ${targetAddress(target)}`

/** Which part of the requests each target gets now, from 0 to 1; all 0 when none gets any. */
export const sharesOf = (targets: readonly GatewayTarget[]): number[] => {
  const total = targets.reduce((sum, { effectiveWeight }) => sum + effectiveWeight, 0)
  return targets.map(({ effectiveWeight }) => (total === 0 ? 0 : effectiveWeight / total))
}

/** `2 of 3 targets are used`. */
export const upstreamSentence = ({ targets }: Pick<GatewayUpstreamRow, 'targets'>): string => {
  const all = targets.length
  const used = targets.filter(({ effectiveWeight }) => effectiveWeight > 0).length
  if (all === 0) return 'It has no target: every request fails'
  if (all === 1) return used === 1 ? 'Its one target is used' : 'Its one target is not used'
  if (used === all) return all === 2 ? 'Both targets are used' : `All ${all} targets are used`
  return used === 0
    ? `None of ${all} targets is used`
    : `${used} of ${all} targets ${used === 1 ? 'is' : 'are'} used`
}

export const filterUpstreams = (
  upstreams: readonly GatewayUpstreamRow[],
  text: string,
  onlyTroubled: boolean,
): GatewayUpstreamRow[] => {
  const words = text.toLowerCase()
  return upstreams.filter(
    (row) =>
      (!onlyTroubled || isTroubled(row)) &&
      [row.name, ...row.services, ...row.targets.flatMap((one) => [one.instance, one.host])].some(
        (word) => word.toLowerCase().includes(words),
      ),
  )
}
