import type { Change, Plan, PlanAction } from '@keelson/contract'
import { countOf } from '../ui/format.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Value } from './facts-table.tsx'
import { Place } from '../ui/place.tsx'
import './plan.css'

type Look = { icon: IconName; tone: string; text: string }

const looks: Record<PlanAction['kind'], Look> = {
  create_network: { icon: 'plus', tone: 'is-healthy', text: 'Create the network' },
  create_volume: { icon: 'plus', tone: 'is-healthy', text: 'Create the volume' },
  build_image: { icon: 'system', tone: 'is-starting', text: 'Build the image' },
  pull_image: { icon: 'download', tone: 'is-starting', text: 'Pull the image' },
  create_database: { icon: 'plus', tone: 'is-healthy', text: 'Create the database' },
  start_instance: { icon: 'play', tone: 'is-healthy', text: 'Start' },
  replace_instance: { icon: 'restart', tone: 'is-degraded', text: 'Replace' },
  stop_instance: { icon: 'stop', tone: 'is-unhealthy', text: 'Stop' },
  update_instance: { icon: 'check', tone: 'is-starting', text: 'Update, without a restart,' },
  remove_network: { icon: 'trash', tone: 'is-unhealthy', text: 'Remove the network' },
  configure_gateway: { icon: 'map', tone: 'is-degraded', text: 'Configure the gateway by' },
}

/** What will happen and why, in order: each action with what has changed, before and after. */
export const PlanView = ({ plan, framed = false }: { plan: Plan; framed?: boolean }) => {
  const body = (
    <>
      <p>{summaryOf(plan)}</p>
      {plan.actions.length > 0 && (
        <ol className="plan-actions">
          {alikeOf(plan.actions).map(([first, ...others]) => (
            <ActionItem key={first.id} action={first} others={others} />
          ))}
        </ol>
      )}
    </>
  )
  if (!framed) return <div className="plan">{body}</div>
  return (
    <ScrollRegion label="The plan" className="plan plan-framed">
      {body}
    </ScrollRegion>
  )
}

type Alike = [PlanAction, ...PlanAction[]]

/** Instances of a service that follow each other for the same reason are told together. */
const alikeOf = (actions: readonly PlanAction[]): Alike[] => {
  const groups: Alike[] = []
  for (const action of actions) {
    const [last] = groups.at(-1) ?? []
    if (last !== undefined && reasonOf(last) === reasonOf(action)) groups.at(-1)?.push(action)
    else groups.push([action])
  }
  return groups
}

const reasonOf = ({ kind, service, cause, changes }: PlanAction): string =>
  JSON.stringify([kind, service, cause, changes])

const summaryOf = ({ actions, unchanged }: Plan): string => {
  if (actions.length === 0) return 'Nothing would change: everything runs so already.'
  const done = `${countOf(actions.length, 'action')}, in this order`
  if (unchanged.length === 0) return `${done}.`
  const stay = unchanged.length === 1 ? 'stays as it is' : 'stay as they are'
  return `${done}; ${countOf(unchanged.length, 'instance')} ${stay}.`
}

type ActionItemProps = { action: PlanAction; others: readonly PlanAction[] }

const ActionItem = ({ action, others }: ActionItemProps) => {
  const { icon, tone, text } = looks[action.kind]
  // The place of a change says more than that of its service.
  const isPlaced = action.changes.some(({ origin }) => origin !== undefined)
  return (
    <li>
      <span className={`toned ${tone}`}>
        <Icon name={icon} />
      </span>
      <div>
        <p className="break">
          {text} <strong>{[action, ...others].map(({ subject }) => subject).join(', ')}</strong>
        </p>
        <p className="muted small break">
          {action.cause}
          {action.origin !== undefined && !isPlaced && (
            <>
              {' · '}
              <Place origin={action.origin} />
            </>
          )}
        </p>
        {action.waitFor.length > 0 && (
          <p className="muted small">
            waits for {action.waitFor.map(({ service }) => service).join(', ')}
          </p>
        )}
        {action.changes.length > 0 && <Changes changes={action.changes} />}
      </div>
    </li>
  )
}

const changeWords = { added: 'added', removed: 'removed', changed: 'changed' } as const

const Changes = ({ changes }: { changes: readonly Change[] }) => (
  <ul className="changes">
    {changes.map((change) => (
      <li key={`${change.path} ${change.file ?? ''}`}>
        <span className="change-path">
          <code className="break">{change.file ?? change.path}</code>
          <span className="muted">{changeWords[change.kind]}</span>
          {change.origin !== undefined && (
            <span className="muted change-place">
              <Place origin={change.origin} />
            </span>
          )}
        </span>
        <span className="change-values">
          <Values change={change} />
        </span>
        {change.files !== undefined && (
          <code className="muted small break">{change.files.join(', ')}</code>
        )}
      </li>
    ))}
  </ul>
)

/** The content of a file is compared by its digest, which says nothing to a person. */
const Values = ({ change: { kind, file, before, after } }: { change: Change }) => {
  if (file !== undefined && before === null && after === null) {
    return <span className="muted">other content</span>
  }
  return (
    <>
      <Side value={before} kind={kind} isAfter={false} />
      <span className="muted">
        <Icon name="arrow" size={12} />
        <span className="sr-only">becomes</span>
      </span>
      <Side value={after} kind={kind} isAfter />
    </>
  )
}

type SideProps = { value: string | null; kind: Change['kind']; isAfter: boolean }

const Side = ({ value, kind, isAfter }: SideProps) => {
  const isAbsent = kind === (isAfter ? 'removed' : 'added')
  return (
    <span className={isAfter ? 'change-after' : 'change-before'}>
      <Value value={value} secret={value === null && !isAbsent} missing="nothing" />
    </span>
  )
}
