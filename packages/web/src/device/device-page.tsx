import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { ProblemError } from '@keelson/sdk'
import { Empty, ErrorBox, Loading } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import { CodeForm } from './code-form.tsx'
import { Decision } from './decision.tsx'
import { deviceRequestQuery } from './queries.ts'
import { userCodeOfHash } from './user-code.ts'
import './device.css'

type Decided = { client: string; isApproved: boolean }
type Visit = { code: string; visit: number; decided: Decided | null }

/** Another code, or '' to type one; what was said of the one before is put away. */
const ask =
  (code: string) =>
  ({ visit }: Visit): Visit => ({ code, visit: visit + 1, decided: null })

/** Lets a program that shows a code act as who is signed in, or not. */
export const DevicePage = () => {
  usePageTitle('Allow a program')
  const [{ code, visit, decided }, setVisit] = useState<Visit>(() => ({
    ...{ code: userCodeOfHash(window.location.hash), visit: 0, decided: null },
  }))
  // A second code pasted into the same tab changes the fragment only, and loads nothing.
  useEffect(() => {
    const onHashChange = () => {
      const next = userCodeOfHash(window.location.hash)
      if (next !== '') setVisit(ask(next))
    }
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  const request = useQuery({ ...deviceRequestQuery(code, visit), enabled: code !== '' })
  const isRead = request.data !== undefined
  // Not before: who has to sign in first is sent here again by this address.
  useEffect(() => {
    if (isRead && window.location.hash !== '') {
      window.history.replaceState(window.history.state, '', window.location.pathname)
    }
  }, [isRead])
  if (decided !== null) return <Done decided={decided} onAnother={() => setVisit(ask(''))} />
  return (
    <div className="device stack">
      <h1>Allow a program</h1>
      {request.data === undefined || code === '' ? (
        <>
          {request.isError && code !== '' && <Refused error={request.error} />}
          {request.isFetching ? (
            <Loading rows={2} height={48} />
          ) : (
            <CodeForm key={visit} code={code} onCode={(typed) => setVisit(ask(typed))} />
          )}
        </>
      ) : (
        <Decision
          key={visit}
          code={code}
          request={request.data}
          onDecided={(isApproved) => {
            const { client } = request.data
            setVisit((before) => ({ ...before, decided: { client, isApproved } }))
          }}
        />
      )}
    </div>
  )
}

/** A code that is wrong is no address that is wrong. */
const Refused = ({ error }: { error: unknown }) => {
  if (!(error instanceof ProblemError && error.problem.code === 'not_found')) {
    return <ErrorBox error={error} />
  }
  return (
    <div className="notice is-degraded" role="alert">
      <Icon name="degraded" />
      <div>
        <p className="notice-title">No program shows this code</p>
        <p>See whether it is typed as shown. It ends after ten minutes, and works once.</p>
      </div>
    </div>
  )
}

const Done = ({ decided, onAnother }: { decided: Decided; onAnother: () => void }) => {
  const { client, isApproved } = decided
  return (
    <div className="device card" role="status">
      <Empty
        icon={isApproved ? 'healthy' : 'stopped'}
        asPage
        title={isApproved ? `${client} is signed in` : `${client} was refused`}
        action={
          <Button size="sm" variant="default" onClick={onAnother}>
            Enter another code
          </Button>
        }
      >
        {isApproved
          ? 'It goes on by itself: you can close this page. To end it, see Tokens and programs under your account.'
          : 'It has been told, and may do nothing. If you did not start it, nobody has got in.'}
      </Empty>
    </div>
  )
}
