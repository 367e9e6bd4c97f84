import { selectorName, selectorNamePattern, type Grant } from '@keelson/contract'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { getRunning } from '../platform.ts'
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
  label?: Record<string, string>
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
  const { user, team, on: name, label: labels, owner, deny = false, reason } = given
  if ((user === undefined) === (team === undefined)) {
    throw usageError('Who is it for?', 'Give either --user <name> or --team <name>')
  }
  if (name !== undefined) checkSelector(name)
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
  const where = selectorName(grant.on)
  return tellOne(context, grant, `${grant.holder.name} ${gets} ${role} on ${where} (${grant.id})`)
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

/** Of a person who signed in: on everything, for an hour at most, told to all. */
export const breakGlass = async (
  context: Context,
  { reason, minutes }: { reason: string; minutes?: number },
  [role = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const body = { role, reason, minutes: minutes ?? 60 }
  const grant = await platform.call('breakGlass', { body })
  return tellOne(context, grant, `You have ${role} on everything until ${grant.expiresAt}`)
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
