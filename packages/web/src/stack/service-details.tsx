import type { StackServiceState } from '@keelson/contract'
import { FactsTable } from './facts-table.tsx'
import { InstancesTable } from './instances-table.tsx'
import { usePermission } from './permissions.ts'
import { Place } from './place.tsx'
import { Scale } from './scale.tsx'
import type { UsageByInstance } from './usage.tsx'
import './service-details.css'

type ServiceDetailsProps = {
  id: string
  service: StackServiceState
  builtIn: boolean
  usages: UsageByInstance
  largest: number
}

/** Everything of one service: its instances, and each fact of the file beside what runs. */
export const ServiceDetails = ({ id, service, builtIn, usages, largest }: ServiceDetailsProps) => {
  const mayWrite = usePermission('services:write')
  return (
    <div className="svc-details" id={id}>
      {mayWrite && !builtIn && <Scale service={service} />}
      <InstancesTable instances={service.instances} usages={usages} largest={largest} />
      <FactsTable facts={service.facts} service={service.summary.name} />
      {service.origin !== null && (
        <p className="muted small">
          Declared in <Place origin={service.origin} />
        </p>
      )}
    </div>
  )
}
