import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { CallError, isUnauthenticated } from './call.ts'

const attemptsMax = 2

/** A refusal will be the same the next time; only a platform out of reach is asked again. */
const isWorthRetrying = (failures: number, error: Error): boolean =>
  failures < attemptsMax &&
  !(error instanceof CallError && error.problem.status >= 400 && error.problem.status < 500)

/** The cache of everything read; live messages keep it fresh, so focus alone reads nothing. */
export const createCache = ({ onUnauthenticated }: { onUnauthenticated: () => void }) => {
  const onError = (error: unknown) => {
    if (isUnauthenticated(error)) onUnauthenticated()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      queries: {
        retry: isWorthRetrying,
        retryDelay: (failures) => 1000 * 2 ** failures,
        staleTime: 5000,
        refetchOnWindowFocus: false,
        networkMode: 'always',
      },
      mutations: { networkMode: 'always' },
    },
  })
}
