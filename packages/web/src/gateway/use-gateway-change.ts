import { useMutation, useQueryClient } from '@tanstack/react-query'
import { gatewayKey } from './queries.ts'

/** A change of the gateway; what the pages know of it is read again before it counts as done. */
export const useGatewayChange = <Output, Input = void>(
  change: (input: Input) => Promise<Output>,
  onDone: (output: Output) => void,
) => {
  const cache = useQueryClient()
  return useMutation({
    mutationFn: change,
    onSuccess: async (output) => {
      await cache.invalidateQueries({ queryKey: gatewayKey })
      onDone(output)
    },
  })
}
