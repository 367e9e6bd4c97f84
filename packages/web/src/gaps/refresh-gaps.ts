import type { QueryClient } from '@tanstack/react-query'
import { keys } from '../api/queries.ts'

/** Reads what is shown of a stack's gaps again; resolves when it is there. */
export const refreshGaps = async (cache: QueryClient, stack: string): Promise<void> => {
  await Promise.all(
    [keys.gaps(stack), keys.gapList].map((queryKey) => cache.invalidateQueries({ queryKey })),
  )
}
