import type { Drift, StackState } from '@keelson/contract'
import { Card } from '../ui/card.tsx'
import { Command } from '../ui/copy-button.tsx'
import { Empty } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { Ago } from '../ui/time.tsx'
import { Place } from './place.tsx'
import './drift.css'

const kindNames: Record<Drift['kind'], string> = {
  source_changed: 'Compose file changed',
  file_changed: 'File changed',
  image_changed: 'Image changed',
  instance_missing: 'Instance missing',
  instance_stopped_outside: 'Stopped from outside',
  instance_altered: 'Instance altered',
  instance_extra: 'Instance nobody asked for',
  stopped_by_request: 'Stopped on request',
}

/** Everything that is not as it was applied: what, since when, and the command that mends it. */
export const DriftList = ({ state: { drift, stack, checkedAt } }: { state: StackState }) => (
  <Card
    title="Not as applied"
    aside={
      <span className="muted small">
        looked at <Ago at={checkedAt} />
      </span>
    }
    flush
  >
    {drift.length === 0 ? (
      <Empty icon="healthy" title="Runs as applied">
        File, last applied plan and running state agree.
      </Empty>
    ) : (
      <ul className="drifts">
        {drift.map((one) => (
          <li key={`${one.kind} ${one.instance ?? one.service ?? ''} ${one.file ?? ''}`}>
            <DriftItem drift={one} stack={stack.name} />
          </li>
        ))}
      </ul>
    )}
  </Card>
)

const DriftItem = ({ drift, stack }: { drift: Drift; stack: string }) => {
  const isAsked = drift.kind === 'stopped_by_request'
  return (
    <div className={`drift ${isAsked ? 'is-stopped' : 'is-degraded'}`}>
      <div className="drift-what">
        <span className="state">
          <Icon name={isAsked ? 'stopped' : 'drift'} />
          {kindNames[drift.kind]}
        </span>
        <p className="muted small">
          {drift.service !== null && (
            <>
              <ServiceLink id={`${stack}/${drift.service}`} from={stack} />
              {' · '}
            </>
          )}
          since <Ago at={drift.since} />
        </p>
      </div>
      <div className="drift-text">
        <p className="break">{drift.text}</p>
        {drift.file !== undefined && <code className="break small muted">{drift.file}</code>}
        {drift.origin !== undefined && (
          <p className="small muted">
            Asked for in <Place origin={drift.origin} />
          </p>
        )}
      </div>
      <Command text={drift.command} />
    </div>
  )
}
