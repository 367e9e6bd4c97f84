import type { User, UserSession } from '@keelson/contract'
import type { Context } from '../context.ts'
import { deleteAsked, type DeleteOptions } from '../deletion.ts'
import { exitCodes } from '../exit-code.ts'
import { usageError } from '../failure.ts'
import { tellLink } from '../one-time-link.ts'
import { getRunning } from '../platform.ts'
import { tellOne } from '../rows.ts'
import { formatTable, tableWidth, type Column } from '../table.ts'
import { duration } from '../text.ts'

const limit = 1000

export const listUsers = async (
  context: Context,
  _options: object,
  [contains]: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items, nextCursor } = await platform.call('listUsers', {
    query: { limit, ...(contains === undefined ? {} : { contains }) },
  })
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message('No user: keelson setup-link, or user invite <name>')
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, columns, look))
  }
  if (nextCursor !== null) output.message(`Only the first ${limit} are shown; name a part to find`)
  return exitCodes.ok
}

const columns: Column<User>[] = [
  { title: 'NAME', value: ({ name }) => name },
  { title: 'SHOWN AS', value: ({ displayName }) => displayName, gives: true },
  { title: 'ROLES', value: ({ roles }) => roles.join(',') },
  { title: 'TEAMS', value: ({ teams }) => teams.map(({ name }) => name).join(',') },
  { title: 'STATE', value: (user) => stateOf(user) },
  {
    title: 'LAST SEEN',
    value: ({ lastSeenAt }) => (lastSeenAt === null ? 'never' : ago(lastSeenAt)),
  },
]

const stateOf = ({ disabledAt, canSignIn }: User): string => {
  if (disabledAt !== null) return 'disabled'
  return canSignIn ? 'active' : 'invited'
}

export const inviteUser = async (
  context: Context,
  { role, email }: { role?: string; email?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  const link = await platform.call('inviteUser', {
    body: {
      name,
      ...(role === undefined ? {} : { role }),
      ...(email === undefined ? {} : { email }),
    },
  })
  if (!context.shared.json) {
    const { roles } = link
    const held = roles.length === 0 ? 'no role' : roles.join(', ')
    context.output.message(`${name} joins by this link, with ${held}`)
  }
  return tellLink(context, link)
}

/** Changes the profile of somebody else. */
export const setUser = async (
  context: Context,
  { email, shownAs }: { email?: string; shownAs?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  if (email === undefined && shownAs === undefined) {
    throw usageError('What is to change?', 'Give --email <address>, --shown-as <name>, or both')
  }
  const { call } = await getRunning(context)
  const user = await call('updateUser', {
    params: { user: name },
    body: {
      ...(email === undefined ? {} : { email: email === '' ? null : email }),
      ...(shownAs === undefined ? {} : { displayName: shownAs }),
    },
  })
  const shown = user.displayName === '' ? '' : `, shown as ${user.displayName}`
  return tellOne(context, user, `${user.name}: ${user.email ?? 'no e-mail address'}${shown}`)
}

export const resetUser = async (
  context: Context,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  return tellLink(context, await platform.call('resetUser', { params: { user: name } }))
}

export const listSessions = async (
  context: Context,
  _options: object,
  [name = '']: readonly string[],
): Promise<number> => {
  const { output, shared } = context
  const platform = await getRunning(context)
  const { items } = await platform.call('listUserSessions', { params: { user: name } })
  if (shared.json) output.data(JSON.stringify(items, null, 2))
  else if (items.length === 0) output.message(`${name} is signed in nowhere`)
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(items, sessionColumns, look))
  }
  return exitCodes.ok
}

const ago = (time: string): string => `${duration(Date.now() - Date.parse(time))} ago`

const sessionColumns: Column<UserSession>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'DEVICE', value: ({ device }) => device, gives: true },
  { title: 'ADDRESS', value: ({ address }) => address ?? 'unknown' },
  { title: 'LAST USED', value: ({ lastUsedAt }) => ago(lastUsedAt) },
]

export const signOutUser = async (
  context: Context,
  { session }: { session?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  const platform = await getRunning(context)
  if (session === undefined) {
    await platform.call('revokeUserSessions', { params: { user: name } })
    context.output.message(`${name} is signed out everywhere`)
  } else {
    await platform.call('revokeUserSession', { params: { user: name, session } })
    context.output.message(`The session of ${name} has ended`)
  }
  return exitCodes.ok
}

const setDisabled =
  (disabled: boolean) =>
  async (context: Context, _options: object, [name = '']: readonly string[]): Promise<number> => {
    const { output, shared } = context
    const platform = await getRunning(context)
    const user = await platform.call('updateUser', { params: { user: name }, body: { disabled } })
    if (shared.json) output.data(JSON.stringify(user, null, 2))
    else output.message(`${user.name} is ${disabled ? 'disabled' : 'enabled'}`)
    return exitCodes.ok
  }

export const disableUser = setDisabled(true)
export const enableUser = setDisabled(false)

export const deleteUser = async (
  context: Context,
  { heir, yes }: DeleteOptions & { heir?: string },
  [name = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  const given = { params: { user: name }, ...(heir === undefined ? {} : { query: { heir } }) }
  return deleteAsked(context, {
    ...{ yes, what: `the user ${name} for good`, remove: () => call('deleteUser', given) },
    done: `${name} is deleted, and tokens they made for programs with them`,
  })
}
