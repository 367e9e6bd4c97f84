import { withoutNextStart, type Drift, type Rollout, type StackState } from '@keelson/contract'
import { formatPlace } from './failure.ts'
import type { Colors } from './output.ts'
import { duration, oneLine } from './text.ts'

type Look = { cwd: string; colors: Colors; now: number }

/** What is not as it was applied, and updates under way; '' when all is as it should be. */
export const formatDrift = (stack: string, state: StackState, look: Look): string => {
  const { drift, rollouts } = state
  const underWay = rollouts.filter(({ phase }) => phase !== 'completed' && phase !== 'rolled_back')
  const blocks: string[] = []
  if (underWay.length > 0) {
    const lines = underWay.map((rollout) => formatRollout(rollout, look))
    blocks.push([look.colors.bold(`updates of ${stack}`), ...lines].join('\n'))
  }
  const takenBack = rollouts.filter(({ phase }) => phase === 'rolled_back')
  if (takenBack.length > 0) {
    const lines = takenBack.flatMap((rollout) => formatTakenBack(rollout, look))
    blocks.push([look.colors.bold(`${stack}: updates that were rolled back`), ...lines].join('\n'))
  }
  const backIn = new Set(takenBack.map(({ service }) => service.split('/').at(-1)))
  // They run what they were taken back to: `keelson up` of the same file would fail again.
  const other = drift.filter(
    ({ kind, service, command }) =>
      kind !== 'instance_altered' || command !== 'keelson up' || !backIn.has(service ?? ''),
  )
  if (other.length > 0) {
    const lines = other.flatMap((one) => formatOne(one, look))
    blocks.push([look.colors.bold(`${stack}: not as applied`), ...lines].join('\n'))
  }
  const { hidden } = state.stack
  if (hidden !== undefined) blocks.push(look.colors.dim(`${stack}: ${formatHidden(hidden)}`))
  return blocks.join('\n\n')
}

const formatHidden = (hidden: number): string =>
  hidden === 1
    ? '1 service is not yours to see, but for its state'
    : `${hidden} services are not yours to see, but for their state`

const formatOne = ({ text, since, file, origin, command }: Drift, look: Look): string[] => {
  const { colors, cwd, now } = look
  const place =
    origin === undefined
      ? file === undefined
        ? ''
        : formatPlace({ file, line: 0, column: 0 }, cwd)
      : formatPlace(origin, cwd)
  const age = `for ${duration(now - Date.parse(since))}`
  const facts = [place, age].filter((fact) => fact !== '').join(', ')
  return [
    `${colors.yellow('!')} ${oneLine(text)}  ${colors.dim(facts)}`,
    `  ${colors.bold('Try:')} ${command}`,
  ]
}

const formatRollout = (rollout: Rollout, { colors, now }: Look): string => {
  const { service, strategy, phase, done, total, text, startedAt } = rollout
  const word = phase.replaceAll('_', ' ')
  const paint = phase === 'paused' ? colors.red : colors.cyan
  const age = duration(now - Date.parse(startedAt))
  const detail = text === '' ? '' : `: ${oneLine(text)}`
  return `${paint('↻')} ${service}  ${strategy}, ${word}, ${done} of ${total}${detail}  ${colors.dim(age)}`
}

/** The file asks for what did not work: to apply it again as it is would fail again. */
const formatTakenBack = ({ service, toRevision, text }: Rollout, { colors }: Look): string[] => {
  const because = text === '' ? '' : ` because ${withoutNextStart(oneLine(text))}`
  return [
    `${colors.red('✗')} ${service}: the update to revision ${toRevision} was rolled back${because}`,
    `  ${colors.bold('Try:')} fix the file, then keelson up`,
  ]
}
