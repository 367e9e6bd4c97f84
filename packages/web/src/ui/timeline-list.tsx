import type { Severity, TimelineEntry } from '@keelson/contract'
import { Icon, type IconName } from './icon.tsx'
import { withLocalTimes } from './format.ts'
import { ServiceLink } from './service-link.tsx'
import { Ago } from './time.tsx'
import './timeline-list.css'

const looks: Record<Severity, { icon: IconName; tone: string; word: string }> = {
  info: { icon: 'info', tone: 'is-stopped', word: 'Information' },
  good: { icon: 'healthy', tone: 'is-healthy', word: 'Good' },
  warning: { icon: 'degraded', tone: 'is-degraded', word: 'Warning' },
  bad: { icon: 'unhealthy', tone: 'is-unhealthy', word: 'Bad' },
}

type TimelineListProps = { entries: readonly TimelineEntry[]; withSubject?: boolean }

/** What happened, newest first. */
export const TimelineList = ({ entries, withSubject = false }: TimelineListProps) => (
  <ol className="timeline">
    {entries.map((entry) => {
      const look = looks[entry.severity]
      return (
        <li key={entry.position}>
          <span className={`toned ${look.tone}`}>
            <Icon name={look.icon} />
            <span className="sr-only">{look.word}: </span>
          </span>
          <div>
            <p className="break">{withLocalTimes(entry.text)}</p>
            <p className="muted timeline-meta">
              {withSubject && <Subject subject={entry.subject} />}
              <Ago at={entry.at} />
              {entry.actor !== undefined && <span>by {entry.actor}</span>}
            </p>
          </div>
        </li>
      )
    })}
  </ol>
)

const Subject = ({ subject }: { subject: string }) =>
  subject.includes('/') ? <ServiceLink id={subject} from="" quiet /> : <span>{subject}</span>
