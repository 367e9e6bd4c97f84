import type { ServiceAccount } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { deleteAsked, type DeleteOptions } from '../deletion.ts'
import { getRunning } from '../platform.ts'
import { tellOne, tellRows } from '../rows.ts'
import type { Column } from '../table.ts'

export const listServiceAccounts = async (context: Context): Promise<number> => {
  const { call } = await getRunning(context)
  const { items } = await call('listServiceAccounts')
  return tellRows(context, items, columns, 'None: keelson service-account create <name>')
}

const columns: Column<ServiceAccount>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ROLES', value: ({ roles }) => roles.join(',') },
  { title: 'TOKENS', value: ({ tokens }) => String(tokens) },
  { title: 'OWNER', value: ({ owner }) => owner?.name ?? 'nobody' },
  { title: 'STATE', value: ({ disabledAt }) => (disabledAt === null ? 'active' : 'disabled') },
  { title: 'FOR', value: ({ description }) => description, gives: true },
]

export const createServiceAccount = async (
  context: Context,
  given: { description?: string; owner?: string; role?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  const { description, owner, role } = given
  const body = {
    name,
    ...(description === undefined ? {} : { description }),
    ...(owner === undefined ? {} : { owner }),
    ...(role === undefined ? {} : { role }),
  }
  const account = await call('createServiceAccount', { body })
  const next = `keelson token create <name> --account ${account.name}`
  return tellOne(context, account, `${account.name} is made: ${next}`)
}

const setDisabled =
  (disabled: boolean) =>
  async (context: Context, _options: object, [name = '']: readonly string[]): Promise<number> => {
    const { call } = await getRunning(context)
    const account = await call('updateServiceAccount', {
      params: { account: name },
      body: { disabled },
    })
    return tellOne(context, account, `${account.name} is ${disabled ? 'disabled' : 'enabled'}`)
  }

export const disableServiceAccount = setDisabled(true)
export const enableServiceAccount = setDisabled(false)

export const deleteServiceAccount = async (
  context: Context,
  { yes }: DeleteOptions,
  [name = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  return deleteAsked(context, {
    ...{ yes, what: `the service account ${name} with its tokens and grants` },
    remove: () => call('deleteServiceAccount', { params: { account: name } }),
    done: `${name} is deleted, with its tokens and those it made for others`,
  })
}
