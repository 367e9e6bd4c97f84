import type { ApiTokenMade, NewApiToken } from '@keelson/contract'
import type { Input } from '@keelson/sdk'
import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query'

export type Rotation = Input<'rotateOwnToken'>['body']

/** Where tokens are kept: one's own account, or a service account. */
export type TokenPlace = {
  /** `you`, or the name of the service account. */
  owner: string
  create: (body: NewApiToken) => Promise<ApiTokenMade>
  rotate: (token: string, body: Rotation) => Promise<ApiTokenMade>
  revoke: (token: string) => Promise<void>
  /** Of what is read again after a change. */
  keys: readonly QueryKey[]
}

/** A change of tokens; the lists are read again before it counts as done. */
export const useTokenChange = <Output>(
  { keys }: Pick<TokenPlace, 'keys'>,
  change: () => Promise<Output>,
  onDone: (output: Output) => void,
) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      await Promise.all(keys.map((queryKey) => cache.invalidateQueries({ queryKey })))
      onDone(output)
    },
  })
}
