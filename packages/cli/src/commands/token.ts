import type { ApiToken, ApiTokenMade } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { CommandError } from '../failure.ts'
import { networkIn } from '../network.ts'
import { permissionIn } from '../permission.ts'
import { getRunning, pageOf } from '../platform.ts'
import { tellRows } from '../rows.ts'
import type { Column } from '../table.ts'
import { duration } from '../text.ts'

type OfAccount = { account?: string }
export type NewTokenOptions = OfAccount & {
  scope?: string[]
  network?: string[]
  for?: Date
}

export const listTokens = async (
  context: Context,
  { account, all }: OfAccount & { all?: boolean },
): Promise<number> => {
  const platform = await getRunning(context)
  const { call } = platform
  const { items } =
    account !== undefined
      ? await call('listServiceAccountTokens', { params: { account } })
      : await call(all === true ? 'listTokens' : 'listOwnTokens')
  const make =
    account === undefined
      ? `make one of your own at ${pageOf(platform)}/account/tokens, or for a service account: keelson token create <name> --account <account>`
      : `keelson token create <name> --account ${account}`
  return tellRows(context, items, columns, `No API token: ${make}`)
}

const ago = (time: string | null, none: string): string =>
  time === null ? none : `${duration(Date.now() - Date.parse(time))} ago`

const left = (time: string | null): string => {
  if (time === null) return 'never'
  const ms = Date.parse(time) - Date.now()
  return ms <= 0 ? 'over' : `in ${duration(ms)}`
}

/** Empty once it is over: then there is none. */
const formerOf = (until: string | null): string =>
  until === null || Date.parse(until) <= Date.now() ? '' : `ends ${left(until)}`

const columns: Column<ApiToken>[] = [
  { title: 'ID', value: ({ id }) => id },
  { title: 'NAME', value: ({ name }) => name, gives: true },
  { title: 'OWNER', value: ({ owner }) => owner.name },
  { title: 'SCOPES', value: ({ scopes }) => scopes?.join(',') ?? 'all', gives: true },
  {
    title: 'LAST USE',
    value: ({ lastUsedAt, lastUsedAddress }) =>
      `${ago(lastUsedAt, 'never')}${lastUsedAddress === null ? '' : ` from ${lastUsedAddress}`}`,
  },
  { title: 'ENDS', value: ({ expiresAt }) => left(expiresAt) },
  { title: 'FORMER SECRET', value: ({ formerUntil }) => formerOf(formerUntil) },
  { title: 'ONLY FROM', value: ({ networks }) => networks.join(','), gives: true },
]

export const createToken = async (
  context: Context,
  { account, scope, network, for: until }: NewTokenOptions,
  [name = '']: readonly string[],
): Promise<number> => {
  const body = {
    name,
    ...(scope === undefined ? {} : { scopes: scope.map((one) => permissionIn(one, '--scope')) }),
    ...(network === undefined ? {} : { networks: network.map(networkIn) }),
    ...(until === undefined ? {} : { expiresAt: until.toISOString() }),
  }
  const { call } = await getRunning(context)
  return tellSecret(
    context,
    account === undefined
      ? await call('createOwnToken', { body })
      : await call('createServiceAccountToken', { params: { account }, body }),
  )
}

export const rotateToken = async (
  context: Context,
  { account, overlap }: OfAccount & { overlap?: number },
  [token = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  const body = { overlapMinutes: overlap ?? 60 }
  return tellSecret(
    context,
    account === undefined
      ? await call('rotateOwnToken', { params: { token }, body })
      : await call('rotateServiceAccountToken', { params: { account, token }, body }),
  )
}

/** The secret alone on standard output, so that a script may put it where it belongs. */
const tellSecret = ({ output, shared }: Context, { token, secret }: ApiTokenMade): number => {
  output.data(shared.json ? JSON.stringify({ token, secret }, null, 2) : secret)
  if (shared.json) return exitCodes.ok
  output.message(`${token.name} (${token.id}); it is shown this once`)
  const { formerUntil } = token
  if (formerOf(formerUntil) !== '') {
    output.message(`The former secret works until ${formerUntil} (${left(formerUntil)})`)
  }
  return exitCodes.ok
}

export const revokeToken = async (
  context: Context,
  { account }: OfAccount,
  [token = '']: readonly string[],
): Promise<number> => {
  const { call } = await getRunning(context)
  if (account === undefined) {
    const own = await call('listOwnTokens').catch(() => ({ items: [] }))
    const isOwn = own.items.some(({ id }) => id === token)
    await call(isOwn ? 'revokeOwnToken' : 'revokeToken', { params: { token } })
  } else {
    const { items } = await call('listServiceAccountTokens', { params: { account } })
    if (!items.some(({ id }) => id === token)) throw noToken(token, account)
    await call('revokeToken', { params: { token } })
  }
  context.output.message(`${token} is revoked`)
  return exitCodes.ok
}

const noToken = (token: string, account: string): CommandError =>
  new CommandError('not_found', exitCodes.notFound, [
    {
      message: `${account} has no token ${token}`,
      hint: `See which there are: keelson token list --account ${account}`,
    },
  ])
