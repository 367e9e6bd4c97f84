import type { Static, TSchema } from 'typebox'
import { api, type Api, type Endpoint, type EndpointName } from './api.ts'
import type { Problem } from './problem.ts'

type Part<E, K extends string> =
  E extends Record<K, infer S extends TSchema> ? Record<K, Static<S>> : unknown
export type CallInput<N extends EndpointName> = Part<Api[N], 'params'> &
  Part<Api[N], 'body'> &
  (Api[N] extends { query: infer Q extends TSchema } ? { query?: Partial<Static<Q>> } : unknown) & {
    signal?: AbortSignal
    headers?: Record<string, string>
  }
export type CallOutput<N extends EndpointName> = Api[N]['response'] extends TSchema
  ? Static<Api[N]['response']>
  : void

/** The platform said no: the problem it sent, or a stand-in when something else answered. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

export type Client = <N extends EndpointName>(
  name: N,
  input?: CallInput<N>,
) => Promise<CallOutput<N>>

type ClientOptions = {
  /** Origin of the platform without a trailing slash; '' inside the page it serves. */
  baseUrl: string
  headers?: Record<string, string>
  fetch?: typeof fetch
}

/** A typed call for every endpoint of the contract. Throws ProblemError for every refusal. */
export const createClient = (options: ClientOptions): Client => {
  const send = options.fetch ?? fetch
  return async (name, input) => {
    const definition: Endpoint = api[name]
    const given = (input ?? {}) as {
      params?: Record<string, string>
      query?: Record<string, string | number | boolean | undefined>
      body?: unknown
      signal?: AbortSignal
      headers?: Record<string, string>
    }
    const response = await send(options.baseUrl + urlOf(definition, given), {
      method: definition.method,
      headers: {
        accept: 'application/json',
        ...(given.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
        ...given.headers,
      },
      ...(given.body === undefined ? {} : { body: JSON.stringify(given.body) }),
      ...(given.signal === undefined ? {} : { signal: given.signal }),
    })
    if (!response.ok) throw new ProblemError(await problemOf(response))
    if (response.status === 204) return undefined as CallOutput<typeof name>
    return (await response.json()) as CallOutput<typeof name>
  }
}

const urlOf = (
  definition: Endpoint,
  given: {
    params?: Record<string, string>
    query?: Record<string, string | number | boolean | undefined>
  },
): string => {
  const path = definition.path.replaceAll(/:(\w+)/g, (_, name: string) =>
    encodeURIComponent(given.params?.[name] ?? ''),
  )
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(given.query ?? {})) {
    if (value !== undefined) query.set(name, String(value))
  }
  const text = query.toString()
  return text === '' ? path : `${path}?${text}`
}

const problemOf = async (response: Response): Promise<Problem> => {
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true) {
    return (await response.json()) as Problem
  }
  return {
    type: 'about:blank',
    title: 'Unexpected answer',
    status: response.status,
    detail: `${response.url} answered ${response.status} and is not Keelson`,
    code: 'internal',
    hint: 'Check that the address is the one Keelson printed.',
  }
}
