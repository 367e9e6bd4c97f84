import { bearer, createRefreshing, type Credentials } from '@keelson/sdk'
import type { Context } from '../context.ts'
import { usageError } from '../failure.ts'
import { ownFetch } from '../own-fetch.ts'
import { readLogin, writeLogin } from './login-file.ts'

/** As whom commands are run, unless as the machine's own command line. */
export type SignIn = {
  /** null: on the platform of this data folder. */
  url: string | null
  /** On the platform that is at this address. */
  credentialsAt(baseUrl: string): Credentials
}

/**
 * What KEELSON_TOKEN and KEELSON_URL say, else `keelson login`. Undefined: the local token. Throws
 * CommandError (exit code 2) for an address that is none.
 */
export const findSignIn = async (
  context: Pick<Context, 'env' | 'dataFolder'>,
): Promise<SignIn | undefined> => {
  const { KEELSON_TOKEN: token = '', KEELSON_URL: address = '' } = context.env
  const url = address === '' ? null : parseAddress(address, 'KEELSON_URL')
  if (token !== '') return { url, credentialsAt: () => bearer(token) }
  const login = await readLogin(context.dataFolder)
  if (url !== null && login?.url !== url) {
    throw usageError(
      `KEELSON_URL is ${url}, and nobody is signed in there`,
      `keelson login --url ${url}, or put an API token into KEELSON_TOKEN`,
    )
  }
  if (login === undefined) return undefined
  const { credential, client } = login
  return {
    url: login.url,
    credentialsAt: (baseUrl) =>
      credential.kind === 'token'
        ? bearer(credential.token)
        : personOf(baseUrl, client, context.dataFolder),
  }
}

/** Tokens of a person, which renew themselves in the file they are kept in. */
const personOf = (baseUrl: string, client: string, dataFolder: string): Credentials =>
  createRefreshing({
    ...{ baseUrl, client, fetch: ownFetch },
    store: {
      async read() {
        const login = await readLogin(dataFolder)
        return login?.credential.kind === 'person' ? login.credential.tokens : undefined
      },
      async write(tokens) {
        const login = await readLogin(dataFolder)
        if (login === undefined) return
        const credential = tokens && ({ kind: 'person', tokens } as const)
        await writeLogin(dataFolder, credential && { ...login, credential })
      },
    },
  })

/** Origin of a platform. Throws CommandError (exit code 2); plain http only on this machine. */
export const parseAddress = (address: string, from: string): string => {
  const url = URL.canParse(address) ? new URL(address) : undefined
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url?.hostname ?? '')
  if (url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback)) {
    if (url.pathname === '/' && url.search === '' && url.username === '') return url.origin
  }
  throw usageError(
    `${from} is ${address}, which is no address of a platform`,
    'https://ops.example.com: over https, or http on this machine, without a path',
  )
}
