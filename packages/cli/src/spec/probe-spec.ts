import type { ProbeSpec } from '@keelson/contract'
import type { Healthcheck, Probe, Service } from '@keelson/compose'

type Timing = Pick<
  ProbeSpec,
  'intervalMs' | 'timeoutMs' | 'retries' | 'startPeriodMs' | 'startIntervalMs'
>

/** Defaults of the Compose Specification (healthcheck), which are those of the Docker Engine. */
const composeTiming: Timing = {
  intervalMs: 30_000,
  timeoutMs: 30_000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: 5000,
}

/**
 * Defaults of `x-keelson.probe`. Asking over HTTP or TCP costs a thousandth of an `exec`, so it is
 * asked more often; the start period gives a service that has to migrate first half a minute
 * before a refusal counts, and the short interval inside it ends it as soon as it is up.
 */
const keelsonTiming: Timing = {
  intervalMs: 5000,
  timeoutMs: 5000,
  retries: 3,
  startPeriodMs: 30_000,
  startIntervalMs: 500,
}

/**
 * The one probe of a service: `x-keelson.probe` wins over `healthcheck`, whose timing it takes over
 * where it names none itself. Null: nobody asks, a running instance is a healthy one.
 */
export const probeSpecOf = ({ xKeelson, healthcheck }: Service): ProbeSpec | null => {
  if (xKeelson.probe !== undefined) return keelsonProbe(xKeelson.probe, healthcheck)
  if (healthcheck === undefined || healthcheck.disabled) return null
  const command = commandOf(healthcheck.test)
  if (command === null) return null
  return { kind: 'exec', command, ...timingOf(healthcheck, composeTiming) }
}

/** `['CMD', …]` is run as it is, `['CMD-SHELL', line]` by the shell; empty means the image's own. */
const commandOf = ([kind, ...words]: readonly string[]): string[] | null => {
  if (words.length === 0) return null
  return kind === 'CMD-SHELL' ? ['/bin/sh', '-c', words.join(' ')] : words
}

const keelsonProbe = (probe: Probe, healthcheck: Healthcheck | undefined): ProbeSpec => {
  const timing = timingOf(probe, timingOf(healthcheck ?? {}, keelsonTiming))
  const { http, tcp } = probe
  if (http !== undefined) {
    // 200 to 399 is what is healthy when no status is named; a range of others cannot be said yet.
    const status = http.status.min === http.status.max ? { status: http.status.min } : {}
    return { kind: 'http', path: http.path, ...portOf(http.port), ...status, ...timing }
  }
  return { kind: 'tcp', ...portOf(tcp?.port), ...timing }
}

const portOf = (port: number | undefined) => (port === undefined ? {} : { port })

/** Inside the start period it is asked at least as often as after it. */
const timingOf = (given: Partial<Timing>, byDefault: Timing): Timing => {
  const intervalMs = given.intervalMs ?? byDefault.intervalMs
  return {
    intervalMs,
    timeoutMs: given.timeoutMs ?? byDefault.timeoutMs,
    retries: given.retries ?? byDefault.retries,
    startPeriodMs: given.startPeriodMs ?? byDefault.startPeriodMs,
    startIntervalMs: given.startIntervalMs ?? Math.min(byDefault.startIntervalMs, intervalMs),
  }
}
