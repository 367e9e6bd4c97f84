import type { ProbeSpec, ServiceDetail } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { systemQuery } from '../api/queries.ts'
import { useTraffic } from '../live/live-context.tsx'
import { incoming } from '../live/traffic.ts'
import { gatewayUrlOf, routeUrlOf } from '../overview/gateway.ts'
import { formatCategory, formatDuration, formatLatency, formatRate } from '../ui/format.ts'

/** What the service is, at a glance. */
export const Facts = ({ service }: { service: ServiceDetail }) => (
  <div className="card">
    <dl className="facts">
      <Fact name="Instances">
        <span className="num">
          {service.instancesHealthy} of {service.instancesWanted} healthy
        </span>
      </Fact>
      <Fact name="Latency">
        <span className="num">{formatLatency(service.latencyMs)}</span>
      </Fact>
      <Fact name="Requests">
        <Requests id={service.id} />
      </Fact>
      <Fact name="Restarts">
        <span className="num">{service.restarts}</span>
      </Fact>
      <Fact name="Category">{formatCategory(service.category)}</Fact>
      {service.owner !== undefined && <Fact name="Owner">{service.owner}</Fact>}
      <Fact name="Runs as">{service.runtime === 'container' ? 'Container' : 'Process'}</Fact>
      <Fact name="Probe">{service.probe === null ? 'None' : <Probe probe={service.probe} />}</Fact>
      {service.routes.length > 0 && (
        <Fact name="Routes">
          <Routes routes={service.routes} />
        </Fact>
      )}
      {service.image !== null && (
        <Fact name="Image">
          <code className="break">{service.image}</code>
        </Fact>
      )}
      {service.command.length > 0 && (
        <Fact name="Command">
          <code className="break">{service.command.join(' ')}</code>
        </Fact>
      )}
      {service.origin !== null && (
        <Fact name="Declared in">
          <code className="break">
            {service.origin.file}:{service.origin.line}:{service.origin.column}
          </code>
        </Fact>
      )}
    </dl>
  </div>
)

const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const Requests = ({ id }: { id: string }) => {
  const { requestsPerSecond, errorsPerSecond } = incoming(useTraffic(), id)
  return (
    <span className="num">
      {formatRate(requestsPerSecond)}
      {errorsPerSecond > 0 && (
        <span className="toned is-unhealthy"> · {formatRate(errorsPerSecond)} errors</span>
      )}
    </span>
  )
}

const Probe = ({ probe }: { probe: ProbeSpec }) => (
  <>
    <code className="break">{targetOf(probe)}</code>
    <span className="muted"> every {formatDuration(probe.intervalMs)}</span>
  </>
)

const targetOf = (probe: ProbeSpec): string => {
  if (probe.kind === 'exec') return probe.command.join(' ')
  const port = probe.port === undefined ? '' : `:${probe.port}`
  return probe.kind === 'http' ? `HTTP ${port}${probe.path}` : `TCP ${port}`
}

const Routes = ({ routes }: { routes: readonly string[] }) => {
  const system = useQuery(systemQuery)
  const gatewayUrl = gatewayUrlOf(system.data, window.location.hostname)
  return routes.map((route, index) => (
    <span key={route}>
      {index > 0 && ', '}
      {gatewayUrl === undefined ? (
        <code>{route}</code>
      ) : (
        <a href={routeUrlOf(gatewayUrl, route)} target="_blank" rel="noreferrer">
          <code>{route}</code>
        </a>
      )}
    </span>
  ))
}
