import type { ProbeSpec } from '@keelson/contract'

/** HEALTHCHECK of an image, times in nanoseconds; 0 is Docker's default. */
export type ImageHealthcheck = {
  Test?: readonly string[] | null
  Interval?: number
  Timeout?: number
  StartPeriod?: number
  StartInterval?: number
  Retries?: number
}

/** The HEALTHCHECK of an image as a probe of Keelson's own; null for none. */
export const probeOf = (check: ImageHealthcheck | null): ProbeSpec | null => {
  const [kind, ...rest] = check?.Test ?? []
  if (check === null || rest.length === 0) return null
  if (kind !== 'CMD' && kind !== 'CMD-SHELL') return null
  return {
    kind: 'exec',
    command: kind === 'CMD' ? rest : ['/bin/sh', '-c', rest.join(' ')],
    intervalMs: millisecondsOf(check.Interval, 30_000),
    timeoutMs: millisecondsOf(check.Timeout, 30_000),
    retries: check.Retries === undefined || check.Retries === 0 ? 3 : check.Retries,
    startPeriodMs: millisecondsOf(check.StartPeriod, 0),
    startIntervalMs: millisecondsOf(check.StartInterval, 5000),
  }
}

const millisecondsOf = (nanoseconds: number | undefined, otherwise: number): number =>
  nanoseconds === undefined || nanoseconds === 0 ? otherwise : Math.ceil(nanoseconds / 1e6)
