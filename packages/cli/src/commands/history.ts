import type { StackRevision } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { requireStack } from '../scope.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'
import { duration } from '../text.ts'

/** What was applied, newest first; `rollback --to` takes a revision from here. */
export const history = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { name } = await requireStack(context, platform)
  const { items } = await platform.call('listStackRevisions', { params: { stack: name } })
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  return exitCodes.ok
}

const columns: Column<StackRevision>[] = [
  { title: 'REVISION', value: ({ revision, current }) => `${revision}${current ? ' (now)' : ''}` },
  {
    title: 'APPLIED',
    value: ({ appliedAt }) => `${duration(Date.now() - Date.parse(appliedAt))} ago`,
  },
  { title: 'BY', value: ({ actor }) => actor },
  { title: 'WHAT', value: ({ text }) => text, gives: true },
]
