import type { Drift, StackState } from '@keelson/contract'
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Card } from '../ui/card.tsx'
import { Command } from '../ui/copy-button.tsx'
import { Empty } from '../ui/feedback.tsx'
import { Icon, type IconName } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { Ago } from '../ui/time.tsx'
import { Place } from '../ui/place.tsx'
import { isByRequest } from './service-marks.ts'
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
  scaled_by_request: 'Scaled on request',
}

const icons: Partial<Record<Drift['kind'], IconName>> = {
  stopped_by_request: 'stopped',
  scaled_by_request: 'info',
}

/** Everything that is not as it was applied: what, since when, and the command that mends it. */
export const DriftList = ({ state: { drift, stack, checkedAt } }: { state: StackState }) => (
  <Card
    title="Not as applied"
    aside={
      <span className="row">
        <span className="muted small">
          looked at <Ago at={checkedAt} />
        </span>
        {drift.some(({ command }) => command.startsWith('keelson up')) && (
          <Button
            component={Link}
            to={`/stacks/${stack.name}?tab=plan`}
            size="xs"
            variant="default"
            leftSection={<Icon name="file" size={14} />}
          >
            See the plan
          </Button>
        )}
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
  const isAsked = isByRequest(drift)
  return (
    <div className={`drift ${isAsked ? 'is-stopped' : 'is-degraded'}`}>
      <div className="drift-what">
        <span className="state">
          <Icon name={icons[drift.kind] ?? 'drift'} />
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
