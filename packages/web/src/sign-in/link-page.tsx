import type { LinkFacts, SecondFactorAsked } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Entrance } from './entrance.tsx'
import { LinkForm } from './link-form.tsx'
import { linkQuery, signInQuery } from './queries.ts'
import { SecondStep } from './second-step.tsx'

/** Reads the token once and takes it out of the address, and so out of the browser's history. */
const takeToken = (): string => {
  const token = window.location.hash.slice(1)
  if (token !== '') {
    window.history.replaceState(window.history.state, '', window.location.pathname)
  }
  return token
}

const titles: Record<LinkFacts['purpose'], string> = {
  setup: 'Set Keelson up',
  invitation: 'Join Keelson',
  reset: 'Choose a new password',
}

/** The form that a link leads to: setting up, joining, choosing a new password. */
export const LinkPage = () => {
  const [{ token, visit }, setTaken] = useState(() => ({ token: takeToken(), visit: 0 }))
  // A second link pasted into the same tab changes the fragment only, and loads nothing.
  useEffect(() => {
    const onHashChange = () => {
      const next = takeToken()
      if (next !== '') setTaken((before) => ({ token: next, visit: before.visit + 1 }))
    }
    window.addEventListener('hashchange', onHashChange)
    return () => window.removeEventListener('hashchange', onHashChange)
  }, [])
  const [asked, setAsked] = useState<SecondFactorAsked | null>(null)
  const link = useQuery({ ...linkQuery(token, visit), enabled: token !== '' && asked === null })
  if (asked !== null) return <SecondStepPage asked={asked} onAsked={setAsked} />
  if (token === '') return <NoLink />
  return (
    <Entrance title={titleOf(link)}>
      {link.isError && (
        <>
          <ErrorBox error={link.error} />
          <AnotherSetUpLink />
          <Link to="/sign-in">To the sign-in</Link>
        </>
      )}
      {link.isPending && <Loading rows={3} height={36} />}
      {link.data !== undefined && (
        <LinkForm key={visit} token={token} facts={link.data} onAsked={setAsked} />
      )}
    </Entrance>
  )
}

const titleOf = ({ data, isError }: { data?: LinkFacts | undefined; isError: boolean }): string => {
  if (data !== undefined) return titles[data.purpose]
  return isError ? 'The link cannot be opened' : 'Keelson'
}

type SecondStepPageProps = {
  asked: SecondFactorAsked
  onAsked: (asked: SecondFactorAsked) => void
}

/** The password is changed, which is no way around the second factor. */
const SecondStepPage = ({ asked, onAsked }: SecondStepPageProps) => {
  const navigate = useNavigate()
  return (
    <Entrance title="Confirm that it is you">
      <p>The password is changed. You have a second factor, so it is asked for now.</p>
      <SecondStep
        key={asked.challenge}
        asked={asked}
        onAsked={onAsked}
        onAgain={() => void navigate({ to: '/sign-in', replace: true })}
      />
    </Entrance>
  )
}

/** Before the set-up there is nobody to ask: the machine itself makes another link. */
const AnotherSetUpLink = () => {
  const { data } = useQuery(signInQuery)
  if (data?.setUp !== false) return null
  return (
    <>
      <p>Keelson is not set up yet. Another link is made on the machine where it runs:</p>
      <Command text="keelson setup-link" />
    </>
  )
}

const NoLink = () => (
  <Entrance title="This address is not whole">
    <p>
      What follows the # in the link is missing: open the link as it was given to you. It was taken
      out of the address if you have loaded this page again.
    </p>
    <Link to="/sign-in">To the sign-in</Link>
  </Entrance>
)
