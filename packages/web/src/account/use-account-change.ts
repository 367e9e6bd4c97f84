import { useMutation, useQueryClient } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'
import { accountKey } from './queries.ts'

/** A change of one's own account; what is shown of it is read again before it counts as done. */
export const useAccountChange = <Input = void, Output = unknown>(
  change: (input: Input) => Promise<Output>,
  onDone: (output: Output) => void = () => {},
) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      // What is being read for the first time would be kept as it was before the change.
      await cache.cancelQueries({ queryKey: accountKey })
      await cache.invalidateQueries({ queryKey: accountKey })
      onDone(output)
    },
  })
}

/**
 * Reads anew what the session may: with a first factor a role that asks for one counts. It is read when
 * the recovery codes were taken, as the page around them may change with it.
 */
export const useSessionReread = (): (() => void) => {
  const cache = useQueryClient()
  return () => void cache.invalidateQueries({ queryKey: sessionQuery.queryKey })
}
