import { formatSeconds } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'
import type { StartLayout, StartRow } from './start-layout.ts'

/** The chart in numbers. */
export const StartTable = ({ layout }: { layout: StartLayout }) => (
  <ScrollRegion label="Last start in numbers">
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Instance</th>
          <th scope="col">Waited for</th>
          <th scope="col" className="end">
            Began
          </th>
          <th scope="col" className="end">
            Ready
          </th>
          <th scope="col" className="end">
            Took
          </th>
          <th scope="col">Path</th>
        </tr>
      </thead>
      <tbody>
        {layout.rows.map((row) => (
          <tr key={row.instance}>
            <th scope="row" className="nowrap">
              {row.instance}
            </th>
            <td>{waitsOf(row)}</td>
            <td className="end">{timeOf(row.startedMs)}</td>
            <td className="end">{timeOf(row.readyMs)}</td>
            <td className="end">{tookOf(row)}</td>
            <td>
              {row.isCritical && (
                <span className="mark is-accent">
                  <Icon name="arrow" size={13} />
                  critical
                </span>
              )}
              {row.failure !== null && row.readyMs === null && (
                <span className="mark is-unhealthy">
                  <Icon name="unhealthy" size={13} />
                  {row.failure}
                </span>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

const timeOf = (ms: number | null): string => (ms === null ? '–' : formatSeconds(ms))

const tookOf = ({ startedMs, readyMs }: StartRow): string =>
  startedMs === null || readyMs === null ? '–' : formatSeconds(readyMs - startedMs)

const waitsOf = ({ waits, fromMs }: StartRow): string => {
  const real = waits.filter(({ toMs }) => toMs === null || toMs > fromMs)
  if (real.length === 0) return 'nothing'
  return real.map(({ service, toMs }) => `${service} until ${timeOf(toMs)}`).join(', ')
}
