import type { StackServiceState } from '@keelson/contract'
import type { Column } from '../instances/cells.tsx'
import { InstancesTable } from '../instances/instances-table.tsx'
import { shownPlaced } from '../instances/shown.ts'
import { FactsTable } from './facts-table.tsx'
import { Place } from '../ui/place.tsx'
import { Scale } from './scale.tsx'
import type { UsageByInstance } from './usage.tsx'
import './service-details.css'

type ServiceDetailsProps = {
  id: string
  service: StackServiceState
  builtIn: boolean
  usages: UsageByInstance
}

const columns: readonly Column[] = [
  'state',
  'phase',
  'revision',
  'restarts',
  'started',
  'cpu',
  'memory',
]

/** Everything of one service: its instances, and each fact of the file beside what runs. */
export const ServiceDetails = ({ id, service, builtIn, usages }: ServiceDetailsProps) => {
  const mayWrite = service.summary.may.includes('services:write')
  return (
    <div className="svc-details" id={id}>
      {mayWrite && !builtIn && <Scale service={service} />}
      <InstancesTable
        instances={service.instances.map((one) => shownPlaced(one, usages.get(one.name)))}
        columns={columns}
        none="No instance runs."
        dense
      />
      <FactsTable facts={service.facts} service={service.summary.name} />
      {service.origin !== null && (
        <p className="muted small">
          Declared in <Place origin={service.origin} />
        </p>
      )}
    </div>
  )
}
