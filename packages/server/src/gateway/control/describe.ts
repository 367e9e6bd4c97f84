import type { GatewayDiff } from '@keelson/contract'
import { kindName } from '@keelson/contract/gateway-kinds'
import type { ConfigChange } from '../config/diff.ts'
import { describeGatewayConfig } from '../config/describe.ts'
import type { GatewayConfig } from '../config/model.ts'
import type { ReadResult } from './reading.ts'

const changesMax = 1000

/** How many of each kind; kinds without any are left out. */
export const countsOf = (config: GatewayConfig): Record<string, number> => ({
  ...describeGatewayConfig(config).entities,
})

/** `2 routes created, 1 plugin updated` */
export const summaryOf = (changes: readonly ConfigChange[]): string => {
  const groups = new Map<string, number>()
  for (const { kind, change } of changes) {
    const key = `${kind} ${change}`
    groups.set(key, (groups.get(key) ?? 0) + 1)
  }
  const parts = [...groups].map(([key, count]) => {
    const [kind = '', change = ''] = key.split(' ')
    return `${count} ${kindName(kind, count)} ${change}`
  })
  return parts.length === 0 ? 'nothing changed' : parts.join(', ')
}

export const diffOf = (
  changes: readonly ConfigChange[],
  { faults, notes }: Pick<ReadResult, 'faults' | 'notes'>,
  revision: number,
): GatewayDiff => ({
  changes: faults.length > 0 ? [] : changes.slice(0, changesMax).map(shownChange),
  more: faults.length > 0 ? 0 : Math.max(0, changes.length - changesMax),
  faults: faults.map(({ line, column, entity, message, hint }) => ({
    ...{ line, column, entity, message, hint },
  })),
  notes: [...notes],
  revision,
})

const shownChange = ({
  change,
  kind,
  name,
  fields,
}: ConfigChange): GatewayDiff['changes'][number] => ({
  ...{ change, name, kind: kindName(kind) },
  fields: fields.map(({ field, before, after }) => ({ path: field, before, after })),
})
