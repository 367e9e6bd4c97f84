import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import keelsonIcon from '../assets/keelson.svg'
import { call } from '../api/call.ts'
import { sessionQuery } from '../api/queries.ts'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { usePageTitle } from '../ui/page-title.ts'
import './sign-in.css'

/** Reads the token once and takes it out of the address, and so out of the browser's history. */
const takeToken = (): string => {
  const token = window.location.hash.slice(1)
  if (token !== '') {
    window.history.replaceState(window.history.state, '', window.location.pathname)
  }
  return token
}

/** Exchanges the token of a setup link for a session, or says how to get a link. */
export const SignInPage = () => {
  usePageTitle('Sign in')
  const [token, setToken] = useState(takeToken)
  const navigate = useNavigate()
  const cache = useQueryClient()
  const { mutate, error, isPending } = useMutation({
    mutationFn: (given: string) => call('createSession', { body: { token: given } }),
    onSuccess: async (session) => {
      cache.clear()
      cache.setQueryData(sessionQuery.queryKey, session)
      await navigate({ to: '/', replace: true })
    },
  })
  // The link works once; `useState` above gives the token once for each visit of the page.
  useEffect(() => {
    if (token !== '') mutate(token)
  }, [token, mutate])
  // A second link pasted into the same tab changes the fragment only, and loads nothing.
  useEffect(() => {
    const onHashChange = () => setToken(takeToken)
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])

  return (
    <main className="sign-in">
      <div className="card sign-in-card">
        <div className="row">
          <img src={keelsonIcon} width={28} height={28} alt="" />
          <h1>{isPending ? 'Signing in' : 'Sign in to Keelson'}</h1>
        </div>
        {isPending ? (
          <p className="muted" role="status">
            Checking the link…
          </p>
        ) : (
          <>
            {error !== null && <ErrorBox error={error} />}
            <p>
              You sign in with a link. On the machine where Keelson runs, print a fresh one and open
              it here:
            </p>
            <Command text="keelson setup-link" />
            <p className="muted">A link works once and ends after 30 minutes.</p>
            <Link to="/">I am signed in already</Link>
          </>
        )}
      </div>
    </main>
  )
}
