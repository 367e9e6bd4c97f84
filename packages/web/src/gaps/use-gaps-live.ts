import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useLiveConnection } from '../live/live-context.tsx'
import { usePermission } from '../stack/permissions.ts'
import { refreshGaps } from './refresh-gaps.ts'

/** Reads gaps again when the platform says that those of a stack are others. */
export const useGapsLive = (): void => {
  const connection = useLiveConnection()
  const cache = useQueryClient()
  // One topic that is not permitted would have the whole stream refused.
  const mayRead = usePermission('gaps:read')
  useEffect(() => {
    if (!mayRead) return undefined
    return connection.subscribe('gaps', ({ stack }) => void refreshGaps(cache, stack))
  }, [connection, cache, mayRead])
}
