import { useMutation, useQueryClient } from '@tanstack/react-query'
import { sessionQuery } from '../api/queries.ts'
import { usersKey } from '../people/queries.ts'
import { serviceAccountsKey } from '../service-accounts/queries.ts'
import { accessKey } from './queries.ts'

/**
 * A change of who may do what. People and programs are shown with their roles and teams, and it may be
 * about whoever makes it: all of that is read again before it counts as done.
 */
export const useAccessChange = <Output, Input = void>(
  change: (input: Input) => Promise<Output>,
  onDone: (output: Output) => void = () => {},
) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      const keys = [accessKey, usersKey, serviceAccountsKey, sessionQuery.queryKey]
      await Promise.all(keys.map((queryKey) => cache.invalidateQueries({ queryKey })))
      onDone(output)
    },
  })
}
