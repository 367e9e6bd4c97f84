import type { PoolTarget } from './pool-target.ts'

export type Circles = {
  /** Who is asked first, and who only when all of those refuse; the last holds all that may be asked. */
  circles: readonly (readonly PoolTarget[])[]
  /** Targets that take requests. */
  usable: readonly PoolTarget[]
  /** Percent of weight that is well. */
  available: number
  /** So much is out that the verdicts are taken for wrong, and all are used. */
  panic: boolean
}

/**
 * Who takes requests. What the registry says (unhealthy, draining) counts as long as anybody is
 * left; what we found out ourselves counts as long as `panicBelow` percent of weight are well: with 0
 * always, and then nobody is asked who is out. A target without weight gets nothing.
 */
export const circlesOf = (
  targets: readonly PoolTarget[],
  { panicBelow, zone }: { panicBelow: number; zone: string | null },
): Circles => {
  const weighty = targets.filter(({ weight }) => weight > 0)
  const healthy = weighty.filter((target) => target.healthy)
  const meant = healthy.filter(({ draining }) => !draining)
  const well = meant.filter(({ circuit }) => circuit.state === 'closed')
  const tried = meant.filter(({ circuit }) => circuit.state !== 'open')
  const available = meant.length === 0 ? 0 : (100 * weightOf(well)) / weightOf(meant)
  const panic = meant.length > 0 && available < panicBelow
  const usable = panic ? meant : tried
  const near = zone === null || panic ? [] : well.filter((target) => target.member.zone === zone)
  const mayBeAsked = ({ circuit }: PoolTarget): boolean =>
    panicBelow > 0 || circuit.state !== 'open'
  const circles = [near, usable, meant, healthy, weighty]
    .map((circle) => circle.filter(mayBeAsked))
    .filter((circle, at, all) => circle.length > (all[at - 1]?.length ?? 0))
  return { circles, usable, available, panic }
}

const weightOf = (targets: readonly PoolTarget[]): number =>
  targets.reduce((sum, { weight }) => sum + weight, 0)
