import type { Team } from '@keelson/contract'
import type { Context } from '../context.ts'
import { deleteAsked, type DeleteOptions } from '../deletion.ts'
import { getRunning } from '../platform.ts'
import { tellOne, tellRows } from '../rows.ts'
import type { Column } from '../table.ts'

export const listTeams = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  const { items } = await platform.call('listTeams', {})
  return tellRows(context, items, columns, 'No team: keelson team create <name>')
}

const columns: Column<Team>[] = [
  { title: 'TEAM', value: ({ name }) => name },
  { title: 'ROLES', value: ({ roles }) => roles.join(',') },
  {
    title: 'MEMBERS',
    value: ({ members }) => members.map(({ name }) => name).join(', '),
    gives: true,
  },
]

export const createTeam = async (
  context: Context,
  { description }: { description?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const body = { name, ...(description === undefined ? {} : { description }) }
  const team = await platform.call('createTeam', { body })
  return tellOne(context, team, `${team.name} is made: keelson team add ${team.name} <user>`)
}

export const deleteTeam = async (
  context: Context,
  { yes }: DeleteOptions,
  [team = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  return deleteAsked(context, {
    ...{ yes, what: `the team ${team} with its grants`, done: `${team} is deleted` },
    remove: () => call('deleteTeam', { params: { team } }),
  })
}

const changeMember =
  (endpoint: 'addTeamMember' | 'removeTeamMember') =>
  async (
    context: Context,
    _options: object,
    [team = '', user = '']: readonly string[],
  ): Promise<number> => {
    const platform = await getRunning(context)
    const changed = await platform.call(endpoint, { params: { team, user } })
    const names = changed.members.map(({ name }) => name).join(', ')
    return tellOne(context, changed, `${changed.name}: ${names === '' ? 'nobody' : names}`)
  }

export const addMember = changeMember('addTeamMember')
export const removeMember = changeMember('removeTeamMember')
