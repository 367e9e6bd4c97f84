import type { Change, Plan, PlanAction } from '@keelson/contract'
import { formatPlace } from '../failure.ts'
import type { Colors } from '../output.ts'
import { clip, count, oneLine, pad, widthOf } from '../text.ts'

const valueWidthMax = 60
const changesShownMax = 20

type Look = { cwd: string; colors: Colors }

/**
 * The plan as a person reads it: what belongs to no service first, then each service with what is
 * done to its instances. A cause and its changes are told once for all actions that share them.
 */
export const formatPlan = (plan: Plan, look: Look): string => {
  const groups = Map.groupBy(plan.actions, ({ service }) => service ?? '')
  const ordered = [...groups].sort(([a], [b]) => Number(a !== '') - Number(b !== ''))
  const blocks = ordered.map(([service, actions]) => {
    const head = service === '' ? 'for the whole stack' : service
    return [look.colors.bold(head), ...formatGroup(actions, look)].join('\n')
  })
  return blocks.join('\n\n')
}

const formatGroup = (actions: readonly PlanAction[], look: Look): string[] => {
  const byCause = Map.groupBy(actions, (action) => JSON.stringify([action.cause, action.changes]))
  return [...byCause.values()].flatMap((alike) => {
    const [first] = alike
    if (first === undefined) return []
    const width = Math.max(...alike.map(({ kind }) => widthOf(wordsOf(kind))))
    return [
      ...alike.map((action) => formatAction(action, width, look)),
      ...formatCause(first, look),
    ]
  })
}

const marks: Record<PlanAction['kind'], '+' | '~' | '-'> = {
  create_network: '+',
  create_volume: '+',
  create_database: '+',
  build_image: '+',
  pull_image: '+',
  start_instance: '+',
  replace_instance: '~',
  update_instance: '~',
  stop_instance: '-',
  remove_network: '-',
  configure_gateway: '~',
}

const formatAction = (action: PlanAction, width: number, { colors }: Look): string => {
  const mark = marks[action.kind]
  const paint = { '+': colors.green, '~': colors.yellow, '-': colors.red }[mark]
  const waits = action.waitFor.map(
    ({ service, condition }) => `${service} ${condition.replace(/^service_/, '').split('_')[0]}`,
  )
  const after = waits.length === 0 ? '' : colors.dim(`  after ${waits.join(', ')}`)
  return `  ${paint(mark)} ${pad(wordsOf(action.kind), width)}  ${action.subject}${after}`
}

const wordsOf = (kind: string): string => kind.replaceAll('_', ' ')

const formatCause = ({ cause, changes, origin }: PlanAction, { cwd, colors }: Look): string[] => {
  const place = origin === undefined ? '' : `  ${formatPlace(origin, cwd)}`
  const shown = changes.slice(0, changesShownMax).map((change) => formatChange(change, cwd, colors))
  const more = changes.length - shown.length
  return [
    colors.dim(`      ${oneLine(cause)}${place}`),
    ...shown.map((line) => `        ${line}`),
    ...(more > 0 ? [`        … ${count(more, 'change')} more`] : []),
  ]
}

const formatChange = (
  { kind, path, file, files = [], before, after, origin }: Change,
  cwd: string,
  colors: Colors,
) => {
  const place = origin === undefined ? '' : `  ${colors.dim(formatOrigin(origin, cwd))}`
  const what = file === undefined ? path : `${path} (${file})`
  if (files.length > 0) return `${what}: ${shorten(files)}${place}`
  if (file !== undefined) return `${what}: other content${place}`
  if (kind === 'added') return `${what}: ${colors.green(valueOf(after))}${place}`
  if (kind === 'removed') return `${what}: ${colors.red(valueOf(before))} is gone${place}`
  return `${what}: ${colors.red(valueOf(before))} → ${colors.green(valueOf(after))}${place}`
}

/** `.env.prod:2:1 LOG_LEVEL`: a value that comes from a variable has its name with the place. */
const formatOrigin = (origin: NonNullable<Change['origin']>, cwd: string): string => {
  const variable = /^(?:env file |shell )?variable (\S+)$/.exec(origin.note ?? '')?.[1]
  const place = origin.line === 0 && variable !== undefined ? 'shell' : formatPlace(origin, cwd)
  return variable === undefined ? place : `${place} ${variable}`
}

/** The platform leaves out what looks like a secret. */
const valueOf = (text: string | null): string =>
  text === null ? '(secret)' : clip(oneLine(text) === '' ? '""' : oneLine(text), valueWidthMax)

const verbs: readonly [PlanAction['kind'], string][] = [
  ['create_network', 'create'],
  ['create_volume', 'create'],
  ['create_database', 'create'],
  ['build_image', 'build'],
  ['pull_image', 'pull'],
  ['start_instance', 'start'],
  ['replace_instance', 'replace'],
  ['update_instance', 'update'],
  ['stop_instance', 'stop'],
  ['remove_network', 'remove'],
  ['configure_gateway', 'configure'],
]

/** `start 6, replace 2 (api: environment.DB_URL changed); 4 instances stay as they are`. */
export const summarizePlan = ({ actions, unchanged }: Plan): string => {
  const stays = unchanged.length === 1 ? 'stays as it is' : 'stay as they are'
  const stay = unchanged.length === 0 ? '' : `${count(unchanged.length, 'instance')} ${stays}`
  if (actions.length === 0) return stay === '' ? 'nothing to do' : `nothing to do; ${stay}`
  const words = [...new Set(verbs.map(([, verb]) => verb))]
  const parts = words.flatMap((word) => {
    const kinds = verbs.filter(([, verb]) => verb === word).map(([kind]) => kind)
    const found = actions.filter(({ kind }) => kinds.includes(kind))
    return found.length === 0 ? [] : [`${word} ${found.length}${causesOf(found)}`]
  })
  return [parts.join(', '), stay].filter((part) => part !== '').join('; ')
}

const causesShownMax = 3

/** Of what is replaced or updated, why: the rest is a start like any other. */
const causesOf = (actions: readonly PlanAction[]): string => {
  const told = actions.filter(
    ({ kind }) => kind === 'replace_instance' || kind === 'update_instance',
  )
  const causes = [
    ...new Set(
      told.map(({ service, subject, cause }) => `${service ?? subject}: ${oneLine(cause)}`),
    ),
  ]
  if (causes.length === 0) return ''
  const more = causes.length > causesShownMax ? ` and ${causes.length - causesShownMax} more` : ''
  return ` (${causes.slice(0, causesShownMax).join('; ')}${more})`
}

/** What another plan has that this one had not, and the other way round. */
export const comparePlans = (before: Plan, now: Plan): string => {
  const missing = (from: Plan, to: Plan) =>
    from.actions
      .filter(({ id }) => to.actions.every((action) => action.id !== id))
      .map(({ kind, subject }) => `${wordsOf(kind)} ${subject}`)
  const gone = missing(before, now)
  const added = missing(now, before)
  const parts = [
    ...(added.length === 0 ? [] : [`now also ${shorten(added)}`]),
    ...(gone.length === 0 ? [] : [`no longer ${shorten(gone)}`]),
  ]
  return parts.length === 0 ? 'the same actions have other causes' : parts.join('; ')
}

const namesShownMax = 5

const shorten = (names: readonly string[]): string => {
  const more = names.length - namesShownMax
  return names.slice(0, namesShownMax).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
