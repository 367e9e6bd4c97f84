import type { GatewayChange, GatewayDiff } from '@keelson/contract'
import { useState } from 'react'
import { countOf } from '../../ui/format.ts'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { diffSentence, valueText } from './configuration-text.ts'

/** More than these are drawn only when somebody asks. */
const shownAtOnce = 25

/** What becomes another one: each object with a mark, and each field before and after. */
export const DiffView = ({ diff }: { diff: GatewayDiff }) => {
  const { changes, more, notes } = diff
  const [isWhole, setWhole] = useState(false)
  const shown = isWhole ? changes : changes.slice(0, shownAtOnce)
  return (
    <div className="gw-diff">
      <p role="status">
        {changes.length === 0 ? 'Nothing would change' : <strong>{diffSentence(diff)}</strong>}
        <span className="muted">
          {' '}
          {diff.revision === 0
            ? 'against nothing: it is the first'
            : `against revision ${diff.revision}`}
        </span>
      </p>
      <Notes notes={notes} />
      <ul className="gw-changes">
        {shown.map((change, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- plugins share names, and a difference stays as it is
          <ChangeItem key={at} change={change} />
        ))}
      </ul>
      {shown.length < changes.length && (
        <button type="button" className="text-button" onClick={() => setWhole(true)}>
          Show all {countOf(changes.length, 'change')}
        </button>
      )}
      {more > 0 && <p className="muted small">{countOf(more, 'change')} beyond these.</p>}
    </div>
  )
}

const Notes = ({ notes }: { notes: readonly string[] }) =>
  notes.length === 0 ? null : (
    <ul className="muted small">
      {[...new Set(notes)].map((note) => (
        <li key={note} className="break">
          {note}
        </li>
      ))}
    </ul>
  )

const looks: Record<GatewayChange['change'], { icon: IconName; tone: string }> = {
  created: { icon: 'plus', tone: 'is-healthy' },
  updated: { icon: 'restart', tone: 'is-degraded' },
  deleted: { icon: 'trash', tone: 'is-unhealthy' },
}

const ChangeItem = ({ change: { change, kind, name, fields } }: { change: GatewayChange }) => {
  const { icon, tone } = looks[change]
  return (
    <li data-change={change}>
      <span className={`toned ${tone}`}>
        <Icon name={icon} size={15} />
      </span>
      <div>
        <p className="break">
          <span className="muted">{kind}</span> <strong>{name}</strong>{' '}
          <span className={`toned ${tone}`}>{change}</span>
        </p>
        {fields.length > 0 && (
          <ul className="gw-fields">
            {fields.map(({ path, before, after }) => (
              <li key={path}>
                <code className="break">{path}</code>
                <Value tone="is-unhealthy" word="before" value={before} />
                <Value tone="is-healthy" word="after" value={after} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  )
}

const Value = ({ tone, word, value }: { tone: string; word: string; value: unknown }) => {
  const isSet = value !== null && value !== undefined && value !== ''
  return (
    <span className={`gw-value ${tone}`}>
      <span className="sr-only">{word}: </span>
      {isSet ? (
        <code className="break">{valueText(value)}</code>
      ) : (
        <span className="muted">{valueText(value)}</span>
      )}
    </span>
  )
}
