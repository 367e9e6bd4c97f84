import type { GatewayConsumerRow } from '@keelson/contract'
import type { Context } from '../../context.ts'
import { exitCodes } from '../../exit-code.ts'
import { getRunning, type Platform } from '../../platform.ts'
import { formatTable, tableWidth, type Column } from '../../table.ts'

/** Makes a key for a consumer, and the consumer when there is none. */
export const createKey = async (
  context: Context,
  { group = [] }: { group?: readonly string[] },
  [username = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const consumer =
    (await findConsumer(platform, username)) ??
    (await platform.call('createGatewayConsumer', { body: { username, groups: [...group] } }))
  const made = await platform.call('createGatewayKey', { params: { id: consumer.id }, body: {} })
  if (shared.json) output.data(JSON.stringify(made, null, 2))
  else {
    output.data(made.key)
    output.message(`Key ${made.credential.id} of ${username}; it cannot be shown again`)
  }
  return exitCodes.ok
}

export const revokeKey = async (
  context: Context,
  _options: object,
  [id = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  await platform.call('deleteGatewayCredential', { params: { id } })
  context.output.message(`${id} is revoked`)
  return exitCodes.ok
}

export const listKeys = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listGatewayConsumers', { query: { limit: 1000 } })
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message('No consumer: keelson gateway key create <name>')
  else {
    const rows = items.flatMap((consumer): Row[] =>
      consumer.credentials.length === 0
        ? [{ consumer, credential: null }]
        : consumer.credentials.map((credential) => ({ consumer, credential })),
    )
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(rows, columns, look))
  }
  return exitCodes.ok
}

type Row = {
  consumer: GatewayConsumerRow
  credential: GatewayConsumerRow['credentials'][number] | null
}

const columns: Column<Row>[] = [
  {
    title: 'CONSUMER',
    value: ({ consumer }) => consumer.username ?? consumer.customId ?? consumer.id,
  },
  { title: 'KIND', value: ({ credential }) => credential?.kind ?? '' },
  { title: 'KEY', value: ({ credential }) => credential?.label ?? '' },
  { title: 'ID', value: ({ credential }) => credential?.id ?? '' },
  { title: 'GROUPS', value: ({ consumer }) => consumer.groups.join(',') },
  { title: 'BY', value: ({ consumer }) => consumer.manager.text },
]

const findConsumer = async (
  platform: Platform,
  username: string,
): Promise<GatewayConsumerRow | undefined> => {
  const { items } = await platform.call('listGatewayConsumers', {
    query: { contains: username, limit: 1000 },
  })
  return items.find((one) => one.username === username)
}
