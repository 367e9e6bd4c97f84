import type { Instance, ServiceDetail } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { Card } from '../ui/card.tsx'
import { Quiet } from '../ui/feedback.tsx'
import { formatLatency } from '../ui/format.ts'
import { StateLabel } from '../ui/state.tsx'
import { Ago, For } from '../ui/time.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** Every instance: what the supervisor and the probes say of it, and where it is reached. */
export const Instances = ({ service }: { service: ServiceDetail }) => (
  <Card
    title="Instances"
    aside={<span className="muted num">{service.instances.length}</span>}
    flush
  >
    {service.instances.length === 0 ? (
      <Quiet>No instance is wanted, so none runs.</Quiet>
    ) : (
      <ScrollRegion label="Table of instances">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Instance</th>
              <th scope="col">State</th>
              <th scope="col">Phase</th>
              <th scope="col">Reason</th>
              <th scope="col" className="end">
                For
              </th>
              <th scope="col">Runs as</th>
              <th scope="col">Address</th>
              <th scope="col" className="end">
                Restarts
              </th>
              <th scope="col" className="end">
                Latency
              </th>
            </tr>
          </thead>
          <tbody>
            {service.instances.map((instance) => (
              <Row key={instance.name} instance={instance} />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
    )}
  </Card>
)

const Row = ({ instance }: { instance: Instance }) => (
  <tr>
    <td className="nowrap">
      <Link
        to="/services/$stack/$name"
        params={{ stack: instance.stack, name: instance.service }}
        search={{ tab: 'logs', instance: instance.name }}
        title="Its log"
      >
        {instance.name}
      </Link>
    </td>
    <td>
      <StateLabel state={instance.state} />
    </td>
    <td>
      {instance.phase}
      {instance.nextStartAt !== null && (
        <span className="muted block">
          next start <Ago at={instance.nextStartAt} />
        </span>
      )}
      {instance.exitCode !== null && (
        <span className="muted block nowrap num">exit code {instance.exitCode}</span>
      )}
    </td>
    <td className="cell-reason break">{instance.reason}</td>
    <td className="end">
      <For at={instance.since} />
    </td>
    <td className="nowrap num">{runsAs(instance)}</td>
    <td className="num">
      {instance.ports.length === 0
        ? '–'
        : instance.ports.map(({ host, port, target, protocol }) => (
            <span
              key={`${target}/${protocol}`}
              className="block nowrap"
              title={`Listens on ${target}`}
            >
              {host}:{port}
              {protocol === 'udp' && '/udp'}
            </span>
          ))}
    </td>
    <td className="end">{instance.restarts}</td>
    <td className="end">{formatLatency(instance.latencyMs)}</td>
  </tr>
)

const runsAs = ({ pid, containerId }: Instance): string => {
  if (containerId !== null) return `container ${containerId.slice(0, 12)}`
  return pid === null ? '–' : `pid ${pid}`
}
