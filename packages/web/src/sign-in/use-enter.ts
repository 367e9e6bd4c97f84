import type { Session } from '@keelson/contract'
import { useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { schemeOf } from '../account/color-scheme.ts'
import { sessionQuery, withPlace } from '../api/queries.ts'

/** What ends with being signed in: everything read as somebody else is forgotten. */
export const useEnter = <Form>(enter: (form: Form) => Promise<Session>) => {
  const cache = useQueryClient()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return useMutation({
    mutationFn: enter,
    onSuccess: async (session) => {
      cache.clear()
      cache.setQueryData(sessionQuery.queryKey, withPlace(session))
      if (session.preferences.theme !== undefined) setColorScheme(schemeOf(session.preferences))
      await navigate({ to: '/', replace: true })
    },
  })
}
