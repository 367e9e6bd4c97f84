import { selectorName, selectorNamePattern, type Grant } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { getRunning } from '../platform.ts'
import type { Pair } from '../program/options.ts'
import { tellOne, tellRows } from '../rows.ts'
import type { Column } from '../table.ts'
import { duration } from '../text.ts'

const limit = 1000

type Asked = { user?: string; team?: string; role?: string }

export const listGrants = async (context: Context, asked: Asked): Promise<number> => {
  const { user, team, role } = asked
  const platform = await getRunning(context)
  const { items, nextCursor } = await platform.call('listGrants', {
    query: {
      limit,
      ...(user === undefined ? {} : { user }),
      ...(team === undefined ? {} : { team }),
      ...(role === undefined ? {} : { role }),
    },
  })
  if (nextCursor !== null) context.output.message(`Only the first ${limit}: name a user or team`)
  return tellRows(context, items, columns, 'No grant: keelson grant add <role> --user <name>')
}

const columns: Column<Grant>[] = [
  {
    title: 'WHO',
    value: ({ holder }) => (holder.kind === 'team' ? `team ${holder.name}` : holder.name),
  },
  { title: 'ROLE', value: ({ effect, role }) => (effect === 'deny' ? `not ${role}` : role) },
  { title: 'ON', value: ({ on }) => selectorName(on) },
  { title: 'UNTIL', value: ({ expiresAt }) => (expiresAt === null ? '' : untilOf(expiresAt)) },
  { title: 'BY', value: ({ createdBy }) => createdBy },
  { title: 'REASON', value: ({ reason }) => reason ?? '', gives: true },
  { title: 'ID', value: ({ id }) => id },
]

const untilOf = (expiresAt: string): string => {
  const leftMs = Date.parse(expiresAt) - Date.now()
  return leftMs <= 0 ? 'is over' : `in ${duration(leftMs)}`
}

type Given = Pick<Asked, 'user' | 'team'> & {
  on?: string
  label?: Pair[]
  owner?: string
  deny?: boolean
  for?: Date
  reason?: string
}

export const addGrant = async (
  context: Context,
  given: Given,
  [role = '']: readonly string[],
): Promise<number> => {
  const { user, team, on: name, owner, deny = false, reason } = given
  if ((user === undefined) === (team === undefined)) {
    throw usageError('Who is it for?', 'Give either --user <name> or --team <name>')
  }
  if (name !== undefined) checkSelector(name)
  const labels = given.label === undefined ? undefined : labelsOf(given.label)
  const platform = await getRunning(context)
  const grant = await platform.call('createGrant', {
    body: {
      ...(user === undefined ? {} : { user }),
      ...(team === undefined ? {} : { team }),
      ...{ role, effect: deny ? 'deny' : 'allow' },
      on: {
        ...(name === undefined ? {} : { name }),
        ...(labels === undefined ? {} : { labels }),
        ...(owner === undefined ? {} : { owner }),
      },
      ...(given.for === undefined ? {} : { expiresAt: given.for.toISOString() }),
      ...(reason === undefined ? {} : { reason }),
    },
  })
  const gets = deny ? 'is denied' : 'has'
  const what = `${grant.already ? 'already ' : ''}${gets} ${role} on ${selectorName(grant.on)}`
  const until = grant.expiresAt === null ? '' : ` until ${grant.expiresAt}`
  return tellOne(context, grant, `${grant.holder.name} ${what}${until} (${grant.id})`)
}

/** All must match, so a label that has two values would match nothing. */
const labelsOf = (pairs: readonly Pair[]): Record<string, string> => {
  const labels = new Map<string, string>()
  for (const [label, value] of pairs) {
    const other = labels.get(label)
    if (other !== undefined && other !== value) {
      throw usageError(
        `--label ${label} is both ${other} and ${value}`,
        'Give one grant for each of the two',
      )
    }
    labels.set(label, value)
  }
  return Object.fromEntries(labels)
}

const selectorPattern = new RegExp(selectorNamePattern)

const checkSelector = (name: string): void => {
  if (selectorPattern.test(name)) return
  const guess = /^[^:/]+$/.test(name) ? `, such as stack:${name}` : ''
  throw usageError(
    `--on ${name}: this is no object`,
    `Give platform, gateway, stack:<stack> or service:<stack>/<service>${guess}; * stands for any name`,
  )
}

export const revokeGrant = async (
  context: Context,
  _options: object,
  [grant = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  await platform.call('revokeGrant', { params: { grant } })
  context.output.message(`${grant} is revoked`)
  return exitCodes.ok
}
