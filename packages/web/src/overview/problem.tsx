import type { ServiceSummary } from '@keelson/contract'
import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Icon } from '../ui/icon.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateLabel } from '../ui/state.tsx'
import { Ago } from '../ui/time.tsx'

const namesMax = 6

/** One service that is not as it should be: what, why, since when, who else feels it. */
export const Problem = ({
  service,
  affected,
}: {
  service: ServiceSummary
  affected: readonly string[]
}) => (
  <li className={`problem is-${service.state}`}>
    <div className="problem-what">
      <StateLabel state={service.state} />
      <strong>
        <ServiceLink id={service.id} from="keelson" />
      </strong>
      <span className="muted">
        since <Ago at={service.since} />
      </span>
    </div>
    <div className="problem-why">
      <p className="break">{service.reason}</p>
      {service.cause !== null && (
        <p className="muted">
          Caused by{' '}
          {service.cause.service === undefined ? (
            <span className="break">{service.cause.text}</span>
          ) : (
            <>
              <ServiceLink id={service.cause.service} from={service.stack} />
              <span className="break"> ({service.cause.text})</span>
            </>
          )}
        </p>
      )}
      {affected.length > 0 && (
        <p className="muted">
          Affects{' '}
          {affected.slice(0, namesMax).map((id, index) => (
            <span key={id}>
              {index > 0 && ', '}
              <ServiceLink id={id} from={service.stack} />
            </span>
          ))}
          {affected.length > namesMax && ` and ${affected.length - namesMax} more`}
        </p>
      )}
    </div>
    <Button
      component={Link}
      to={`/services/${service.id}?tab=why`}
      variant="default"
      size="xs"
      rightSection={<Icon name="arrow" size={14} />}
      aria-label={`Why ${service.name} is ${service.state}`}
    >
      Why
    </Button>
  </li>
)
