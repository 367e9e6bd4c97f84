import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Provider } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { deleteAsked, type DeleteOptions } from '../deletion.ts'
import { usageError } from '../failure.ts'
import { getRunning } from '../platform.ts'
import type { Pair } from '../program/options.ts'
import { tellOne, tellRows } from '../rows.ts'
import type { Column } from '../table.ts'

export const listProviders = async (context: Context): Promise<number> => {
  const { call } = await getRunning(context)
  const { items } = await call('listProviders')
  return tellRows(context, items, columns, 'None: keelson provider put <id> --issuer <address> …')
}

const columns: Column<Provider>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name },
  { title: 'ISSUER', value: ({ issuer }) => issuer, gives: true },
  { title: 'USERS', value: ({ users }) => String(users) },
  { title: 'STATE', value: ({ disabled }) => (disabled ? 'disabled' : 'active') },
]

export type ProviderOptions = {
  name?: string
  issuer?: string
  clientId?: string
  clientSecretFile?: string
  scope?: string[]
  groupsClaim?: string
  group?: Pair[]
  /** False: --no-groups. */
  groups?: boolean
  createUsers?: boolean
  trustFactors?: boolean
  allowInternal?: boolean
  disable?: boolean
}

/** Makes a provider, or changes what is named of one. */
export const putProvider = async (
  context: Context,
  options: ProviderOptions,
  [id = '']: readonly string[],
): Promise<number> => {
  if (options.group !== undefined && options.groups === false) {
    throw usageError('--group does not go with --no-groups', 'Give one of the two')
  }
  const { call } = await getRunning(context)
  const { items } = await call('listProviders')
  const known = items.find((provider) => provider.id === id)
  const need = (name: 'issuer' | 'clientId', flag: string): string => {
    const value = options[name] ?? known?.[name]
    if (value !== undefined) return value
    throw usageError(`There is no provider ${id} yet, and ${flag} is not given`, `name it: ${flag}`)
  }
  const body = {
    name: options.name ?? known?.name ?? id,
    issuer: need('issuer', '--issuer'),
    clientId: need('clientId', '--client-id'),
    ...definedOf({
      scopes: options.scope ?? known?.scopes ?? scopesFor(options.group),
      groupsClaim: options.groupsClaim ?? known?.groupsClaim,
      roles: options.groups === false ? [] : (rolesOf(options.group) ?? known?.roles),
      createsUsers: options.createUsers ?? known?.createsUsers,
      trustsFactors: options.trustFactors ?? known?.trustsFactors,
      allowsInternal: options.allowInternal ?? known?.allowsInternal,
      disabled: options.disable ?? known?.disabled,
      clientSecret: await readSecret(context, options.clientSecretFile),
    }),
  }
  const made = await call('putProvider', { params: { provider: id }, body })
  return tellOne(context, made, `${made.name}: register ${made.redirectUri} there`)
}

/** Most providers tell groups only when they are asked for them; undefined: as the platform does. */
const scopesFor = (groups: readonly Pair[] | undefined) =>
  groups && ['openid', 'profile', 'email', 'groups']

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

const definedOf = <T extends object>(given: T): Defined<T> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>

const rolesOf = (groups: readonly Pair[] | undefined) =>
  groups?.map(([group, role]) => ({ group, role }))

/** From a file: an argument could be read in the list of processes. */
const readSecret = async (
  { cwd }: Context,
  path: string | undefined,
): Promise<string | undefined> => {
  if (path === undefined) return undefined
  try {
    return (await readFile(resolve(cwd, path), 'utf8')).trim()
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`The client secret cannot be read: ${reason}`, 'name another file')
  }
}

export const deleteProvider = async (
  context: Context,
  { yes }: DeleteOptions,
  [id = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  return deleteAsked(context, {
    ...{ yes, what: `the provider ${id} with what its groups were granted` },
    remove: () => call('deleteProvider', { params: { provider: id } }),
    done: `${id} is deleted, and what its groups were granted`,
  })
}
