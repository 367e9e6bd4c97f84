import type { GapInventory } from '@keelson/contract'
import { useElementSize } from '@mantine/hooks'
import { useMemo, useState } from 'react'
import { Card } from '../ui/card.tsx'
import { Icon } from '../ui/icon.tsx'
import { FlowChart } from './flow-chart.tsx'
import { layOutFlow } from './flow-layout.ts'
import { FlowTable } from './flow-table.tsx'
import './flow.css'

const aroundPx = 120

type FlowProps = {
  inventory: GapInventory
  chosen: string | undefined
  onChoose: (service: string) => void
}

/** Each service on its way from claimed to running, as a picture and as a table. */
export const Flow = ({ inventory, chosen, onChoose }: FlowProps) => {
  const [asTable, setAsTable] = useState(false)
  const { ref, width } = useElementSize<HTMLDivElement>()
  // Before it is measured: about as wide, so that its place is kept and nothing jumps.
  const layout = useMemo(
    () => layOutFlow(inventory, width || window.innerWidth - aroundPx),
    [inventory, width],
  )
  const isEmpty = layout.rows.length === 0
  return (
    <Card
      title="From claimed to running"
      aside={
        !isEmpty && (
          <button
            type="button"
            className="text-button"
            aria-pressed={asTable}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? 'Show as a picture' : 'Show as a table'}
          </button>
        )
      }
      flush
    >
      {isEmpty && <p className="muted card-body">No service is declared or claimed.</p>}
      {asTable && <FlowTable inventory={inventory} />}
      {!asTable && !isEmpty && (
        <div className="flow">
          <Legend />
          <div ref={ref} style={{ minHeight: layout.height }}>
            {width > 0 && <FlowChart layout={layout} chosen={chosen} onChoose={onChoose} />}
          </div>
        </div>
      )}
    </Card>
  )
}

const Legend = () => (
  <ul className="flow-legend small muted" aria-hidden="true">
    <li>
      <span className="flow-key is-there" /> so
    </li>
    <li>
      <span className="flow-key is-partly" /> runs, health not asked for
    </li>
    <li className="is-unhealthy">
      <span className="toned">
        <Icon name="close" size={13} />
      </span>
      drops out here
    </li>
    <li>
      <span className="flow-key is-unknown" /> cannot be seen
    </li>
    <li>
      <span className="flow-key is-off" /> off
    </li>
  </ul>
)
