import type { ServiceDetail } from '@keelson/contract'
import type { Column } from '../instances/cells.tsx'
import { InstancesTable } from '../instances/instances-table.tsx'
import { shownInstance } from '../instances/shown.ts'
import { Card } from '../ui/card.tsx'

const columns: readonly Column[] = [
  'state',
  'phase',
  'since',
  'runsAs',
  'address',
  'restarts',
  'latency',
]

/** Every instance: what the supervisor and the probes say of it, and where it is reached. */
export const Instances = ({ service: { instances } }: { service: ServiceDetail }) => (
  <Card title="Instances" aside={<span className="muted num">{instances.length}</span>} flush>
    <InstancesTable
      instances={instances.map(shownInstance)}
      columns={columns}
      none="No instance is wanted, so none runs."
    />
  </Card>
)
