import { randomBytes } from 'node:crypto'
import type { MasterKeys } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'

export const keysStatus = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  return tell(context, await platform.call('getMasterKeys', {}))
}

export const rotateKey = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  const keys = await platform.call('rotateMasterKey', {})
  const { number } = keys.keys.find(({ inUse }) => inUse) ?? {}
  const copy = keys.file === null ? '' : `: keep a fresh copy of ${keys.file}`
  context.output.message(`Master key ${number ?? '?'} is in use${copy}`)
  return tell(context, keys)
}

export const dropKey = async (
  context: Context,
  _options: object,
  [number = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const keys = await platform.call('dropMasterKey', { params: { number: Number(number) } })
  const left = keys.source === 'command' ? '; take its line out of what the command prints' : ''
  context.output.message(`Master key ${number} is dropped${left}`)
  return tell(context, keys)
}

/** For a secret store that this command cannot write to. */
export const newKey = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  const { keys } = await platform.call('getMasterKeys', {})
  const number = Math.max(...keys.map((key) => key.number)) + 1
  context.output.data(`${number} ${randomBytes(32).toString('base64url')}`)
  context.output.message('Add this line to the others, then: keelson keys rotate')
  return exitCodes.ok
}

const tell = ({ output, shared }: Context, keys: MasterKeys): number => {
  if (shared.json) {
    output.data(JSON.stringify(keys, null, 2))
    return exitCodes.ok
  }
  const look = { width: tableWidth(output.stdout), colors: output.dataColors }
  output.data(formatTable(keys.keys, columns, look))
  const place = keys.file ?? 'what KEELSON_MASTER_KEY_COMMAND prints'
  output.message(`${place}${keys.inDataFolder ? ', in the data folder' : ''}`)
  if (keys.resealing) output.message('Older values are being sealed anew')
  if (keys.fault !== null) output.message(`The next start would fail: ${keys.fault}`)
  return keys.fault === null ? exitCodes.ok : exitCodes.failure
}

const columns: Column<MasterKeys['keys'][number]>[] = [
  { title: 'KEY', value: ({ number, inUse }) => `${number}${inUse ? ' (in use)' : ''}` },
  {
    title: 'NEEDED FOR',
    value: ({ holds, audited }) =>
      [
        ...holds.map(({ what, count }) => `${count} ${what}`),
        ...(audited ? ['verifying the audit'] : []),
      ].join(', '),
    gives: true,
  },
]
