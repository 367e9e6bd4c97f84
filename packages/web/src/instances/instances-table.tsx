import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { Quiet } from '../ui/feedback.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import { cells, type Column } from './cells.tsx'
import type { Shown } from './shown.ts'
import './instances.css'

type InstancesTableProps = {
  instances: readonly Shown[]
  columns: readonly Column[]
  /** What is said when there is none. */
  none: string
  /** Inside of something else: smaller, with a frame of its own. */
  dense?: boolean
}

/** Every instance, with the same columns in the same words on every page that shows some. */
export const InstancesTable = ({
  instances,
  columns,
  none,
  dense = false,
}: InstancesTableProps) => {
  if (instances.length === 0) return <Quiet>{none}</Quiet>
  const largest = Math.max(...instances.map(({ usage }) => usage?.memoryBytes ?? 0))
  return (
    <ScrollRegion label="Table of instances" {...(dense ? { className: 'framed' } : {})}>
      <table className={dense ? 'table dense' : 'table'}>
        <thead>
          <tr>
            <th scope="col">Instance</th>
            {columns.map((column) => (
              <th key={column} scope="col" className={cells[column].end ? 'end' : undefined}>
                {cells[column].head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {instances.map((instance) => (
            <tr key={instance.name}>
              <td className="nowrap">
                <Name instance={instance} />
              </td>
              {columns.map((column) => (
                <td key={column} className={cells[column].end ? 'end' : undefined}>
                  {cells[column].cell(instance, largest)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  )
}

/** An instance leads to its log; a part of Keelson has none of its own, and leads to its page. */
const Name = ({ instance: { stack, service, name, life } }: { instance: Shown }): ReactNode => (
  <Link
    to="/services/$stack/$name"
    params={{ stack, name: service }}
    search={life === undefined ? {} : { tab: 'logs', instance: name }}
    title={life === undefined ? undefined : 'Its log'}
  >
    {name}
  </Link>
)
