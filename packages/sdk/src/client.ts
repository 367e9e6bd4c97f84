import type { Credentials } from './credentials.ts'
import { operations, type Operations } from './generated/api.ts'
import { ProblemError, problemOf } from './problem.ts'

export type OperationName = keyof Operations

type Part<N extends OperationName, K extends string> =
  Operations[N] extends Record<K, infer T> ? Record<K, T> : unknown
export type Input<N extends OperationName> = Part<N, 'params'> &
  Part<N, 'body'> &
  (Operations[N] extends { query: infer Q } ? { query?: Partial<Q> } : unknown) & {
    signal?: AbortSignal
    headers?: Record<string, string>
  }
export type Answer<N extends OperationName> = Operations[N]['answer']

/** Calls one operation. Throws ProblemError for every refusal, and what `fetch` throws. */
export type Client = <N extends OperationName>(name: N, input?: Input<N>) => Promise<Answer<N>>

export type ClientOptions = {
  /** Origin of the platform without a trailing slash; '' inside the page it serves. */
  baseUrl: string
  /** Who asks; without: nobody, or whoever the browser's cookies say. */
  credentials?: Credentials
  headers?: Readonly<Record<string, string>>
  fetch?: typeof fetch
}

type Given = {
  params?: Record<string, string>
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  signal?: AbortSignal
  headers?: Record<string, string>
}

export const createClient = (options: ClientOptions): Client => {
  const { credentials, baseUrl, headers } = options
  const send = options.fetch ?? fetch

  const sendOnce = async (name: OperationName, given: Given): Promise<Response> => {
    const [method, path] = operations[name]
    const authorization = await credentials?.authorization()
    return send(baseUrl + urlOf(path, given), {
      method,
      headers: {
        accept: 'application/json',
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(authorization === undefined ? {} : { authorization }),
        ...headers,
        ...given.headers,
      },
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    })
  }

  return async (name, input) => {
    const given = (input ?? {}) as Given
    let response = await sendOnce(name, given)
    if (response.status === 401 && (await credentials?.renew?.()) === true) {
      // Refused before anything was done, so that it may be sent again.
      await response.body?.cancel()
      response = await sendOnce(name, given)
    }
    if (!response.ok) throw new ProblemError(await problemOf(response))
    if (response.status === 204) return undefined
    return response.json() as Promise<Answer<typeof name>>
  }
}

const urlOf = (path: string, { params = {}, query = {} }: Given): string => {
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  )
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value))
  }
  const text = search.toString()
  return text === '' ? filled : `${filled}?${text}`
}
