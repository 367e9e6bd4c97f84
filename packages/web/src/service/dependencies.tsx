import type { DependencyCondition, ServiceDetail, ServiceSummary } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { servicesQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { Quiet } from '../ui/feedback.tsx'
import { ServiceLink } from '../ui/service-link.tsx'
import { StateLabel } from '../ui/state.tsx'

const conditions: Record<DependencyCondition, string> = {
  service_started: 'starts after it has started',
  service_healthy: 'starts once it is healthy',
  service_completed_successfully: 'starts once it has ended well',
}

/** What the service needs, and what needs it, with the state of each. */
export const Dependencies = ({ service }: { service: ServiceDetail }) => {
  const { data: services } = useQuery(servicesQuery)
  const stateOf = (id: string) => services?.find((each) => each.id === id)
  return (
    <div className="two-columns">
      <Card title="Depends on" flush>
        {service.dependencies.length === 0 && <Quiet>Nothing.</Quiet>}
        <ul className="relations">
          {service.dependencies.map((dependency) => {
            const id = `${service.stack}/${dependency.service}`
            return (
              <Relation key={id} id={id} from={service.stack} known={stateOf(id)}>
                {conditions[dependency.condition]}
                {!dependency.required && ', optional'}
              </Relation>
            )
          })}
        </ul>
      </Card>
      <Card title="Needed by" flush>
        {service.dependents.length === 0 && <Quiet>Nothing.</Quiet>}
        <ul className="relations">
          {service.dependents.map((id) => (
            <Relation key={id} id={id} from={service.stack} known={stateOf(id)} />
          ))}
        </ul>
      </Card>
    </div>
  )
}

type RelationProps = {
  id: string
  from: string
  known: ServiceSummary | undefined
  children?: ReactNode
}

const Relation = ({ id, from, known, children }: RelationProps) => (
  <li className="spread">
    <span>
      <ServiceLink id={id} from={from} />
      {children !== undefined && <span className="muted"> {children}</span>}
    </span>
    {known !== undefined && <StateLabel state={known.state} />}
  </li>
)
