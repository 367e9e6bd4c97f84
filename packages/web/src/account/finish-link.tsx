import { useEffect, useRef } from 'react'
import { ProblemError } from '@keelson/sdk'
import { call } from '../api/call.ts'
import { ProblemNotice } from '../sign-in/problem-notice.tsx'
import { Loading } from '../ui/feedback.tsx'
import { useAccountChange } from './use-account-change.ts'

/**
 * The last step of linking a provider. It is the page's, because a browser that comes from another site
 * does not bring the session that asked for it.
 */
export const FinishLink = ({ challenge }: { challenge: string }) => {
  const { mutate, isPending, error } = useAccountChange((proved: string) =>
    call('finishOwnIdentity', { body: { challenge: proved } }),
  )
  const begun = useRef(false)
  useEffect(() => {
    if (begun.current) return
    begun.current = true
    mutate(challenge)
  }, [challenge, mutate])
  if (error !== null) return <ProblemNotice code={codeOf(error)} about="link" />
  return isPending ? <Loading rows={1} height={36} /> : null
}

const codeOf = (error: Error): string => (error instanceof ProblemError ? error.problem.code : '')
