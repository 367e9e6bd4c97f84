import { permissionMeanings, type Role } from '@keelson/contract'
import type { Context } from '../context.ts'
import { deleteAsked, type DeleteOptions } from '../deletion.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError } from '../failure.ts'
import { permissionIn } from '../permission.ts'
import { getRunning } from '../platform.ts'
import { tellOne, tellRows } from '../rows.ts'
import type { Column } from '../table.ts'

export const listRoles = async (context: Context): Promise<number> => {
  const platform = await getRunning(context)
  const { items } = await platform.call('listRoles', {})
  return tellRows(context, items, columns, '')
}

const columns: Column<Role>[] = [
  { title: 'ROLE', value: ({ name, builtIn }) => (builtIn ? `${name} (built in)` : name) },
  { title: 'PERMISSIONS', value: ({ permissions }) => String(permissions.length) },
  { title: 'GRANTS', value: ({ grants }) => String(grants) },
  { title: 'FOR', value: ({ description }) => description, gives: true },
]

/** What a role may do, in words. */
export const showRole = async (
  context: Context,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listRoles', {})
  const role = items.find((one) => one.name === name)
  if (role === undefined) {
    throw new CommandError('not_found', exitCodes.notFound, [
      { message: `There is no role ${name}`, hint: 'See which there are: keelson role list' },
    ])
  }
  if (shared.json) output.data(JSON.stringify(role, null, 2))
  else {
    const width = Math.max(...role.permissions.map((one) => one.length), 0)
    output.data(
      role.permissions.map((one) => `${one.padEnd(width)}  ${permissionMeanings[one]}`).join('\n'),
    )
  }
  return exitCodes.ok
}

export const putRole = async (
  context: Context,
  { description }: { description?: string },
  [role = '', ...permissions]: readonly string[],
): Promise<number> => {
  const body = {
    permissions: permissions.map((one) => permissionIn(one)),
    ...(description === undefined ? {} : { description }),
  }
  const platform = await getRunning(context)
  const made = await platform.call('putRole', { params: { role }, body })
  return tellOne(context, made, `${role} may ${made.permissions.join(', ')}`)
}

export const deleteRole = async (
  context: Context,
  { yes }: DeleteOptions,
  [role = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  return deleteAsked(context, {
    ...{ yes, what: `the role ${role}`, done: `${role} is deleted` },
    remove: () => call('deleteRole', { params: { role } }),
  })
}
