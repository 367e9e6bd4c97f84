import type { GapInventory, GapService } from '@keelson/contract'
import { formatCategory } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { ScrollRegion } from '../ui/scroll-region.tsx'

/** The picture in words, and where the documents claim what. */
export const FlowTable = ({ inventory: { services, claims } }: { inventory: GapInventory }) => (
  <ScrollRegion label="Services from claimed to running">
    <table className="table">
      <thead>
        <tr>
          <th scope="col">Service</th>
          <th scope="col">Category</th>
          <th scope="col">Claimed</th>
          <th scope="col">Declared</th>
          <th scope="col">Built</th>
          <th scope="col">Running</th>
          <th scope="col">Healthy</th>
        </tr>
      </thead>
      <tbody>
        {services.map((service) => (
          <Row key={service.service} service={service} />
        ))}
        {claims.map(({ text, file, line }) => (
          <tr key={`${file}:${line} ${text}`}>
            <td colSpan={7} className="muted">
              Claimed: {text} <code>{`${file}:${line}`}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </ScrollRegion>
)

const Row = ({ service }: { service: GapService }) => (
  <tr>
    <th scope="row">{service.service}</th>
    <td className="nowrap">{formatCategory(service.category)}</td>
    <td>
      <Answer is={service.claimed} no="by no document" />
    </td>
    <td>
      <code className="nowrap">
        {service.line === 0 ? service.file : `${service.file}:${service.line}`}
      </code>
    </td>
    <td>
      <Answer is={service.built} no={service.why ?? 'no'} isFault />
    </td>
    {service.runs === 'off' ? (
      <td colSpan={2} className="muted">
        off
      </td>
    ) : (
      <>
        <td>
          <Answer
            is={service.running}
            no={service.runs === 'once' ? 'did not end well' : 'no'}
            isFault
          />
        </td>
        <td>
          <Answer is={service.healthy} no="no" isFault />
        </td>
      </>
    )}
  </tr>
)

const Answer = ({
  is,
  no,
  isFault = false,
}: {
  is: boolean | null
  no: string
  isFault?: boolean
}) => {
  if (is === null) return <span className="muted">not known</span>
  if (is) return <>yes</>
  return isFault ? (
    <span className="state is-unhealthy flow-answer">
      <Icon name="close" size={13} />
      {no}
    </span>
  ) : (
    <span className="muted">{no}</span>
  )
}
