import {
  createClient,
  ProblemError,
  problemOf,
  type Answer,
  type Input,
  type OperationName,
  type Problem,
} from '@keelson/sdk'
import { confirmItIsYou } from './fresh-proof.ts'

/** Throws ProblemError for a platform out of reach too, so that a page has one thing to show. */
const send: typeof fetch = async (input, init) => {
  try {
    return await fetch(input, init)
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause
    throw new ProblemError(outOfReach, { cause })
  }
}

const client = createClient({ baseUrl: '', fetch: send })

/** Not the 401 of a password that is wrong. */
export const isUnauthenticated = (error: unknown): boolean => isProblem(error, 'unauthenticated')

/** It is not permitted, and will not be before the session permits something else. */
export const isRefused = (error: unknown): boolean =>
  error instanceof ProblemError && error.problem.status === 403

const isProblem = (error: unknown, code: string): boolean =>
  error instanceof ProblemError && error.problem.code === code

/**
 * Calls one operation. What asks for a fresh proof is done again once it is given. Throws
 * ProblemError for a refusal and for a platform out of reach.
 */
export const call = async <N extends OperationName>(
  name: N,
  input?: Input<N>,
): Promise<Answer<N>> => {
  try {
    return await client(name, input)
  } catch (error) {
    if (!isProblem(error, 'reauthentication_required') || !(await confirmItIsYou())) throw error
    return client(name, input)
  }
}

/** Any JSON document of the platform that has no operation of its own, as its OpenAPI document. */
export const getDocument = async (path: string, signal: AbortSignal): Promise<unknown> => {
  const response = await send(path, { headers: { accept: 'application/json' }, signal })
  if (!response.ok) throw new ProblemError(await problemOf(response))
  return response.json()
}

const outOfReach: Problem = {
  type: 'about:blank',
  title: 'Keelson does not answer',
  status: 0,
  detail: 'The platform is out of reach from this browser.',
  code: 'unreachable',
  hint: 'See whether it runs: keelson status',
}
