import { useMutation, useQueryClient } from '@tanstack/react-query'
import { accessKey } from '../access/queries.ts'
import { providersQuery } from './queries.ts'

/** A change of a provider; it and the grants of its groups are read again before it counts as done. */
export const useProviderChange = <Output>(change: () => Promise<Output>, onDone: () => void) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async () => {
      const keys = [providersQuery.queryKey, accessKey]
      await Promise.all(keys.map((queryKey) => cache.invalidateQueries({ queryKey })))
      onDone()
    },
  })
}
