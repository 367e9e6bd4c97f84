import type { GatewayConsumerRow, GatewayKeyMade } from '@keelson/contract'
import { useState } from 'react'
import { ScrollRegion } from '../../ui/scroll-region.tsx'
import { managerKey } from '../managed.ts'
import type { Asked } from './asked.ts'
import { ConsumerRow } from './consumer-row.tsx'
import { CreateKey } from './create-key.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { RemoveConsumer } from './remove-consumer.tsx'
import { RevokeCredential } from './revoke-credential.tsx'

type ConsumersTableProps = { rows: readonly GatewayConsumerRow[]; mayWrite: boolean }

export const ConsumersTable = ({ rows, mayWrite }: ConsumersTableProps) => {
  const [asked, setAsked] = useState<Asked | null>(null)
  const [made, setMade] = useState<{ consumer: GatewayConsumerRow; key: GatewayKeyMade } | null>(
    null,
  )
  const close = () => setAsked(null)
  return (
    <>
      <ScrollRegion label="Table of consumers">
        <table className="table gw-consumers">
          <thead>
            <tr>
              <th scope="col">Consumer</th>
              <th scope="col" className="gw-col-groups">
                Groups
              </th>
              <th scope="col">Credentials</th>
              <th scope="col" className="gw-col-uses">
                Plugins of its own
              </th>
              <th scope="col">
                <span className="sr-only">Change</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <ConsumerRow
                key={`${managerKey(row.manager)} ${row.id}`}
                row={row}
                onAsk={mayWrite ? setAsked : null}
              />
            ))}
          </tbody>
        </table>
      </ScrollRegion>
      {asked?.kind === 'key' && (
        <CreateKey
          consumer={asked.consumer}
          onClose={close}
          onMade={(key) => {
            close()
            setMade({ consumer: asked.consumer, key })
          }}
        />
      )}
      {asked?.kind === 'remove' && <RemoveConsumer consumer={asked.consumer} onClose={close} />}
      {asked?.kind === 'revoke' && (
        <RevokeCredential consumer={asked.consumer} credential={asked.credential} onClose={close} />
      )}
      {made !== null && (
        <KeyDialog consumer={made.consumer} made={made.key} onClose={() => setMade(null)} />
      )}
    </>
  )
}
