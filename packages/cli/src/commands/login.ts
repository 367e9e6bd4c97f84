import { hostname } from 'node:os'
import { signInByDevice, bearer, createClient } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { exitCodes } from '../exit-code.ts'
import { causeOf, CommandError, isConnectionLost, tableError, usageError } from '../failure.ts'
import { ownFetch } from '../own-fetch.ts'
import { permissionIn } from '../permission.ts'
import { readStandardInput } from '../standard-input.ts'
import { findPlatform } from '../platform-file.ts'
import { readLogin, writeLogin, type Login } from '../signed-in/login-file.ts'
import { parseAddress } from '../signed-in/sign-in.ts'

export type LoginOptions = { url?: string; withToken?: boolean; scope?: string[] }

/** Commands of this machine's user are run as a person, or as the owner of an API token, from now on. */
export const login = async (context: Context, options: LoginOptions): Promise<number> => {
  const url = options.url === undefined ? null : parseAddress(options.url, '--url')
  const baseUrl = url ?? (await findLocalUrl(context))
  try {
    return await loginAt({ url, baseUrl }, context, options)
  } catch (error) {
    if (!isConnectionLost(error)) throw error
    throw new CommandError('platform_unreachable', exitCodes.failure, [
      {
        message: `Nothing answers at ${baseUrl} (${causeOf(error)})`,
        hint: 'Check the address, and whether Keelson runs there: keelson up starts it',
      },
    ])
  }
}

const loginAt = async (
  { url, baseUrl }: { url: string | null; baseUrl: string },
  context: Context,
  options: LoginOptions,
): Promise<number> => {
  const client = `keelson on ${hostname()}`.slice(0, 64)
  const credential =
    options.withToken === true
      ? await takeToken(baseUrl)
      : await askPerson(
          context,
          baseUrl,
          client,
          options.scope?.map((one) => permissionIn(one, '--scope')),
        )
  const login: Login = { url, client, credential }
  const held = credential.kind === 'token' ? credential.token : credential.tokens.accessToken
  const { actor } = await createClient({ baseUrl, credentials: bearer(held), fetch: ownFetch })(
    'getSession',
  )
  await writeLogin(context.dataFolder, login)
  if (context.shared.json) context.output.data(JSON.stringify({ url: baseUrl, actor }))
  else context.output.message(`Signed in at ${baseUrl} as ${actor}`)
  return exitCodes.ok
}

const findLocalUrl = async ({ dataFolder }: Context): Promise<string> => {
  const found = await findPlatform(dataFolder)
  if (found.kind === 'running' || found.kind === 'unready') return found.file.url
  throw tableError(
    'platform_unreachable',
    `Keelson is not running here (data folder ${dataFolder}): start it, or name another with --url`,
  )
}

const tokenMaxBytes = 10_000

/** From standard input: an argument could be read in the list of processes. */
const takeToken = async (baseUrl: string): Promise<Login['credential']> => {
  const token = (await readStandardInput(tokenMaxBytes)).trim()
  if (/^kst_\w+$/.test(token.replaceAll('-', '_'))) return { kind: 'token', token }
  throw usageError(
    `Standard input holds no API token of ${baseUrl}`,
    'echo "$TOKEN" | keelson login --with-token',
  )
}

const askPerson = async (
  { output }: Context,
  baseUrl: string,
  client: string,
  scopes: readonly string[] | undefined,
): Promise<Login['credential']> => {
  const tokens = await signInByDevice({
    ...{ baseUrl, client, fetch: ownFetch, ...(scopes === undefined ? {} : { scopes }) },
    onCode: ({ completeUrl, userCode }) =>
      output.message(
        `Open ${completeUrl}\nand approve the code ${output.messageColors.bold(userCode)}; waiting …`,
      ),
  })
  return { kind: 'person', tokens }
}

/** Back to the machine's own command line. */
export const logout = async (context: Context): Promise<number> => {
  const { output, dataFolder } = context
  const known = await readLogin(dataFolder)
  if (known === undefined) {
    output.message('Nobody is signed in')
    return exitCodes.ok
  }
  await writeLogin(dataFolder, undefined)
  if (known.credential.kind === 'person') {
    const { refreshToken } = known.credential.tokens
    const isTold = await endFamily(context, known.url, refreshToken, known.client)
    if (!isTold) output.message('The platform could not be told: revoke it on your account page')
  }
  output.message('Signed out')
  return exitCodes.ok
}

const revokeTimeoutMs = 10_000

const endFamily = async (
  context: Context,
  url: string | null,
  token: string,
  client: string,
): Promise<boolean> => {
  try {
    const baseUrl = url ?? (await findLocalUrl(context))
    const answer = await ownFetch(`${baseUrl}/oauth/revoke`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id: client }),
      signal: AbortSignal.timeout(revokeTimeoutMs),
    })
    return answer.ok
  } catch {
    return false
  }
}
