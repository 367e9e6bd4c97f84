import { withoutNextStart } from '@keelson/contract'
import { readLastOutput } from '../last-output.ts'
import type { Progress, ServiceProgress } from '../progress/progress.ts'
import type { Context } from '../context.ts'
import type { Platform } from '../platform.ts'

const blamedMax = 10

type Wait = {
  context: Context
  platform: Platform
  spec: { name: string }
  waitMs: number
  until?: 'healthy' | 'started'
}

/** Which services are not up, why, and the last lines of those that came to grief. */
export const describeNotUp = async (
  progress: Progress,
  { context, platform, spec, waitMs, until }: Wait,
  isOutOfTime: boolean,
): Promise<string> => {
  const { red, bold, dim } = context.output.messageColors
  const services = progress.services()
  const ended = until === 'started' ? services.filter(({ endReason }) => endReason !== '') : []
  const failed = blamedOf(progress, until)
  const open = services.filter(({ outcome }) => outcome === 'open' || outcome === 'failed')
  const blamed = failed.length > 0 && !isOutOfTime ? failed : open
  const head = isOutOfTime
    ? `${spec.name} is not up after ${waitMs / 1000} s`
    : ended.length > 0
      ? `${spec.name} was started, and not all of it stays up`
      : `${spec.name} does not come up`
  const lines: string[] = []
  for (const service of blamed.slice(0, blamedMax)) {
    lines.push(`  ${describeService(service)}`)
    if (!isBroken(service)) continue
    const output = await readLastOutput(platform, `${spec.name}/${service.name}`)
    lines.push(...output.map((line) => dim(`    | ${line}`)))
  }
  if (blamed.length > blamedMax) lines.push(`  … ${blamed.length - blamedMax} more`)
  const [first] = blamed
  const look = first === undefined ? 'keelson status' : `keelson why ${spec.name}/${first.name}`
  return [`${red('✗')} ${head}`, ...lines, `  ${bold('Try:')} ${look}`].join('\n')
}

/** What failed, and what ends again and again beside it; none while nothing has failed for good. */
export const blamedOf = (
  progress: Progress,
  until: 'healthy' | 'started' = 'healthy',
): ServiceProgress[] => {
  const services = progress.services()
  if (until === 'started') return services.filter(({ endReason }) => endReason !== '')
  const failed = services.filter(({ outcome }) => outcome === 'failed')
  const isTroubled = ({ outcome, start, state }: ServiceProgress) =>
    outcome === 'open' && (start === 'ended' || state === 'unhealthy')
  return failed.length === 0 ? [] : [...failed, ...services.filter(isTroubled)]
}

/** The others only wait. */
const isBroken = ({ state, outcome, endReason }: ServiceProgress): boolean =>
  outcome === 'failed' || endReason !== '' || state === 'unhealthy'

const describeService = (service: ServiceProgress): string => {
  const { name, state, outcome } = service
  const endReason = withoutNextStart(service.endReason)
  const reason = withoutNextStart(service.reason)
  if (endReason !== '' && outcome === 'open') return `${name} has ended: ${endReason}`
  const word = outcome === 'failed' ? 'failed' : state
  return reason === '' ? `${name} is ${word}` : `${name} is ${word}: ${reason}`
}
