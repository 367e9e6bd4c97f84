import { useMutation, useQueryClient } from '@tanstack/react-query'
import { usersKey } from './queries.ts'

/** A change of users; the list is read again before it counts as done. */
export const useUserChange = <Output>(
  change: () => Promise<Output>,
  onDone: (output: Output) => void,
) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      await cache.invalidateQueries({ queryKey: usersKey })
      onDone(output)
    },
  })
}
