import type { ServiceSummary } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { memo, useMemo } from 'react'
import { Card } from '../ui/card.tsx'
import { categoryOrder, formatCategory, formatLatency } from '../ui/format.ts'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateIcon } from '../ui/state.tsx'

/** Every service, live, in the categories of the files; Keelson's own parts among them. */
export const ServicesByCategory = ({ services }: { services: readonly ServiceSummary[] }) => {
  const groups = useMemo(() => groupByCategory(services), [services])
  return (
    <Card
      title="Services"
      aside={
        <span className="row links">
          <Link to="/services">Table</Link>
          <Link to="/services" search={{ view: 'map' }}>
            Map
          </Link>
        </span>
      }
      flush
    >
      {groups.map(([category, members]) => (
        <section key={category} className="category" aria-label={formatCategory(category)}>
          <h3 className="spread">
            {formatCategory(category)}
            <span className="muted num">
              {members.filter(({ state }) => state === 'healthy').length}/{members.length} healthy
            </span>
          </h3>
          <ul>
            {members.map((service) => (
              <Row key={service.id} service={service} />
            ))}
          </ul>
        </section>
      ))}
    </Card>
  )
}

const Row = memo(({ service }: { service: ServiceSummary }) => (
  <li className="service-row" data-service={service.id}>
    <StateIcon state={service.state} />
    <span className="service-row-name">
      <ServiceLink id={service.id} quiet />
      <span className="muted">{service.stack}</span>
    </span>
    <span className={`service-row-reason break ${service.state === 'healthy' ? 'muted' : ''}`}>
      {service.reason}
    </span>
    <span className="num muted" title="Instances that are healthy, of those wanted">
      {service.instancesHealthy}/{service.instancesWanted}
    </span>
    <span className="num muted service-row-latency" title="Latency of the last probe">
      {formatLatency(service.latencyMs)}
    </span>
  </li>
))
Row.displayName = 'Row'

/** Categories in the order of the contract, our own parts last; no state moves a row. */
const groupByCategory = (services: readonly ServiceSummary[]): [string, ServiceSummary[]][] => {
  const groups = new Map<string, ServiceSummary[]>(categoryOrder.map((name) => [name, []]))
  for (const service of services) {
    const group = groups.get(service.category)
    if (group === undefined) groups.set(service.category, [service])
    else group.push(service)
  }
  for (const group of groups.values()) {
    group.sort(
      (a, b) =>
        Number(a.builtIn) - Number(b.builtIn) ||
        a.stack.localeCompare(b.stack) ||
        a.name.localeCompare(b.name),
    )
  }
  return [...groups].filter(([, members]) => members.length > 0)
}
