import type { SecondFactorAsked, SignInAnswer } from '@keelson/contract'
import { useMantineColorScheme } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { schemeOf } from '../account/color-scheme.ts'
import { sessionQuery, withPlace } from '../api/queries.ts'
import { takePlace } from './return-to.ts'

/**
 * What ends with being signed in: everything read as somebody else is forgotten. `onAsked` is told when
 * a second factor is asked for instead.
 */
export const useEnter = <Form = void>(
  enter: (form: Form) => Promise<SignInAnswer>,
  onAsked: (asked: SecondFactorAsked) => void,
) => {
  const cache = useQueryClient()
  const navigate = useNavigate()
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  return useMutation({
    mutationFn: enter,
    onSuccess: async (answer) => {
      if ('challenge' in answer) {
        onAsked(answer)
        return
      }
      cache.clear()
      cache.setQueryData(sessionQuery.queryKey, withPlace(answer))
      if (answer.preferences.theme !== undefined) setColorScheme(schemeOf(answer.preferences))
      await navigate({ href: takePlace(), replace: true })
    },
  })
}
