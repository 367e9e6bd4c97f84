import { withoutNextStart, type Rollout, type StackRevision } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { getRunning } from '../platform.ts'
import { requireStack } from '../scope.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'
import { duration, oneLine } from '../text.ts'

/** What was applied, newest first; `rollback --to` takes a revision from here. */
export const history = async (context: Context): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { name } = await requireStack(context, platform)
  const { items } = await platform.call('listStackRevisions', { params: { stack: name } })
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    const { rollouts } = await platform.call('getStackState', { params: { stack: name } })
    output.data(formatTable(items, columnsOf(rollouts), look))
  }
  return exitCodes.ok
}

const columnsOf = (rollouts: readonly Rollout[]): Column<StackRevision>[] => [
  { title: 'REVISION', value: ({ revision, current }) => `${revision}${current ? ' (now)' : ''}` },
  {
    title: 'APPLIED',
    value: ({ appliedAt }) => `${duration(Date.now() - Date.parse(appliedAt))} ago`,
  },
  { title: 'BY', value: ({ actor }) => actor },
  { title: 'WHAT', value: (one) => whatOf(one, rollouts), gives: true },
]

/** What it changed, and which of its updates were taken back. */
const whatOf = ({ revision, text }: StackRevision, rollouts: readonly Rollout[]): string => {
  const takenBack = rollouts
    .filter(({ phase, toRevision }) => phase === 'rolled_back' && toRevision === revision)
    .map(
      (one) =>
        `${one.service} was rolled back${one.text === '' ? '' : ` (${withoutNextStart(oneLine(one.text))})`}`,
    )
  return takenBack.length === 0 ? text : [`✗ ${takenBack.join(', ')}`, text].join(': ')
}
