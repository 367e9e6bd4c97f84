import type { ActionProgress } from '@keelson/contract'
import { ActionIcon } from '@mantine/core'
import { useActions } from '../live/live-context.tsx'
import { countOf } from '../ui/format.ts'
import { Icon, type IconName } from '../ui/icon.tsx'

const looks: Record<ActionProgress['state'], { icon: IconName; tone: string; text: string }> = {
  waiting: { icon: 'pause', tone: 'is-stopped', text: 'Waits' },
  running: { icon: 'starting', tone: 'is-starting', text: 'Under way' },
  done: { icon: 'check', tone: 'is-healthy', text: 'Done' },
  failed: { icon: 'unhealthy', tone: 'is-unhealthy', text: 'Failed' },
  skipped: { icon: 'minus', tone: 'is-stopped', text: 'Skipped' },
}

/** Drawn at most; a plan of hundreds is told by its count. */
const shownMax = 6

/** The plan that is being applied: what is under way, how far it is, what failed. */
export const Progress = ({ stack }: { stack: string }) => {
  const { actions, dismiss } = useActions()
  const mine = actions.get(stack)
  if (mine === undefined || mine.length === 0) return null
  const done = mine.filter(({ state }) => state === 'done' || state === 'skipped').length
  const failed = mine.filter(({ state }) => state === 'failed')
  const running = mine.filter(({ state }) => state === 'running')
  const shown = [...failed, ...running].slice(0, shownMax)
  const hidden = failed.length + running.length - shown.length
  return (
    <section className="card progress" aria-label="Applying">
      <div className="spread">
        <h2>
          {failed.length > 0
            ? 'Applied with failures'
            : done === mine.length
              ? 'Applied'
              : 'Applying'}
        </h2>
        <span className="row">
          <span className="muted num" role="status">
            {done} of {countOf(mine.length, 'action')} done
            {failed.length > 0 && `, ${failed.length} failed`}
          </span>
          {failed.length > 0 && running.length === 0 && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size={28}
              aria-label="Put this list away"
              onClick={() => dismiss(stack)}
            >
              <Icon name="close" />
            </ActionIcon>
          )}
        </span>
      </div>
      <progress
        className="progress-all"
        aria-label={`${done} of ${mine.length} actions done`}
        value={done}
        max={mine.length}
      />
      {shown.length > 0 && (
        <ul className="progress-list">
          {shown.map((action) => (
            <ActionRow key={action.id} action={action} />
          ))}
          {hidden > 0 && <li className="muted small">and {hidden} more</li>}
        </ul>
      )}
    </section>
  )
}

const ActionRow = ({ action }: { action: ActionProgress }) => {
  const { icon, tone, text } = looks[action.state]
  const what = action.kind.replaceAll('_', ' ')
  return (
    <li className={tone}>
      <span className="toned">
        <Icon name={icon} size={14} />
        <span className="sr-only">{text}: </span>
      </span>
      <span className="progress-what break">
        {what} <strong>{action.subject}</strong>
      </span>
      {action.share !== null && action.state === 'running' && (
        <progress
          className="progress-one"
          aria-label={`${what} ${action.subject}`}
          value={action.share}
          max={1}
        />
      )}
      <span className="muted small progress-text" title={action.text}>
        {action.text}
      </span>
    </li>
  )
}
