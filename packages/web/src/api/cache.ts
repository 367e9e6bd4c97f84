import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { ProblemError } from '@keelson/sdk'
import { isRefused, isUnauthenticated } from './call.ts'
import { sessionQuery } from './queries.ts'

const attemptsMax = 2

/** A refusal will be the same the next time; only a platform out of reach is asked again. */
const isWorthRetrying = (failures: number, error: Error): boolean =>
  failures < attemptsMax &&
  !(error instanceof ProblemError && error.problem.status >= 400 && error.problem.status < 500)

/** The cache of everything read; live messages keep it fresh, so focus alone reads nothing. */
export const createCache = ({ onUnauthenticated }: { onUnauthenticated: () => void }) => {
  const onError = (error: unknown) => {
    if (isUnauthenticated(error)) onUnauthenticated()
  }
  const onReadError = (error: unknown) => {
    onError(error)
    // The session may permit less than it did when it was read.
    if (isRefused(error)) void cache.invalidateQueries({ queryKey: sessionQuery.queryKey })
  }
  const cache = new QueryClient({
    queryCache: new QueryCache({ onError: onReadError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        // Neither by a timer nor by a message: each refusal is a row of the audit.
        enabled: ({ state }) => !isRefused(state.error),
        retry: isWorthRetrying,
        retryDelay: (failures) => 1000 * 2 ** failures,
        staleTime: 5000,
        refetchOnWindowFocus: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
  return cache
}
