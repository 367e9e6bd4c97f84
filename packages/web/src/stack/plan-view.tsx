import type { Change, Plan, PlanAction } from '@keelson/contract'
import { countOf } from '../ui/format.ts'
import { Icon, type IconName } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { Value } from './facts-table.tsx'
import { Place } from './place.tsx'
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
}

/** What will happen and why, in order: each action with what has changed, before and after. */
export const PlanView = ({ plan }: { plan: Plan }) => (
  <ScrollRegion label="The plan" className="plan">
    <p>{summaryOf(plan)}</p>
    <ol className="plan-actions">
      {plan.actions.map((action) => (
        <ActionItem key={action.id} action={action} />
      ))}
    </ol>
  </ScrollRegion>
)

const summaryOf = ({ actions, unchanged }: Plan): string => {
  if (actions.length === 0) return 'Nothing would change: everything runs so already.'
  const done = `${countOf(actions.length, 'action')}, in this order`
  if (unchanged.length === 0) return `${done}.`
  const stay = unchanged.length === 1 ? 'stays as it is' : 'stay as they are'
  return `${done}; ${countOf(unchanged.length, 'instance')} ${stay}.`
}

const ActionItem = ({ action }: { action: PlanAction }) => {
  const { icon, tone, text } = looks[action.kind]
  return (
    <li>
      <span className={`toned ${tone}`}>
        <Icon name={icon} />
      </span>
      <div>
        <p className="break">
          {text} <strong>{action.subject}</strong>
        </p>
        <p className="muted small break">
          {action.cause}
          {action.origin !== undefined && (
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
          <Side value={change.before} kind={change.kind} isAfter={false} />
          <span className="muted">
            <Icon name="arrow" size={12} />
            <span className="sr-only">becomes</span>
          </span>
          <Side value={change.after} kind={change.kind} isAfter />
        </span>
      </li>
    ))}
  </ul>
)

type SideProps = { value: string | null; kind: Change['kind']; isAfter: boolean }

const Side = ({ value, kind, isAfter }: SideProps) => {
  const isAbsent = kind === (isAfter ? 'removed' : 'added')
  return (
    <span className={isAfter ? 'change-after' : 'change-before'}>
      <Value value={value} secret={value === null && !isAbsent} missing="nothing" />
    </span>
  )
}
