import type { InstanceUsage, PlacedInstance } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { Quiet } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { StateLabel } from '../ui/state.tsx'
import { Ago } from '../ui/time.tsx'
import { Cpu, Memory, type UsageByInstance } from './usage.tsx'

type InstancesTableProps = {
  instances: readonly PlacedInstance[]
  usages: UsageByInstance
  largest: number
}

/** Every instance: where it stands, what it was started from, what it takes. */
export const InstancesTable = ({ instances, usages, largest }: InstancesTableProps) => {
  if (instances.length === 0) return <Quiet>No instance runs.</Quiet>
  return (
    <ScrollRegion label="Table of instances" className="framed">
      <table className="table dense">
        <thead>
          <tr>
            <th scope="col">Instance</th>
            <th scope="col">State</th>
            <th scope="col">Phase</th>
            <th scope="col">Revision</th>
            <th scope="col" className="end">
              Restarts
            </th>
            <th scope="col" className="end">
              Started
            </th>
            <th scope="col" className="end">
              CPU
            </th>
            <th scope="col" className="end">
              Memory
            </th>
          </tr>
        </thead>
        <tbody>
          {instances.map((instance) => (
            <Row
              key={instance.name}
              instance={instance}
              usage={usages.get(instance.name)}
              largest={largest}
            />
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

type RowProps = {
  instance: PlacedInstance
  usage: InstanceUsage | undefined
  largest: number
}

const Row = ({ instance, usage, largest }: RowProps) => (
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
      {instance.state !== 'healthy' && <span className="muted block break">{instance.reason}</span>}
    </td>
    <td>
      {instance.phase}
      {instance.draining && (
        <span className="mark is-starting" title="No new requests are sent to it">
          <Icon name="drain" size={13} />
          draining
        </span>
      )}
    </td>
    <td className="nowrap">
      <span className="num">{instance.revision ?? '–'}</span>
      {instance.outdated && (
        <span
          className="mark is-degraded"
          title="Runs another definition than the one that is applied"
        >
          <Icon name="undo" size={13} />
          outdated
        </span>
      )}
    </td>
    <td className="end">{instance.restarts}</td>
    <td className="end">{instance.startedAt === null ? '–' : <Ago at={instance.startedAt} />}</td>
    <td className="end">
      <Cpu usage={usage} />
    </td>
    <td className="end">
      <Memory usage={usage} largest={largest} />
    </td>
  </tr>
)
