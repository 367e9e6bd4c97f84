import type { SecondFactorAsked } from '@keelson/contract'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Command } from '../ui/copy-button.tsx'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Entrance } from './entrance.tsx'
import { takeFragment } from './fragment.ts'
import { OtherWays } from './other-ways.tsx'
import { ProblemNotice } from './problem-notice.tsx'
import { signInQuery } from './queries.ts'
import { rememberTo } from './return-to.ts'
import { SecondStep, type Asked } from './second-step.tsx'
import { SignInForm } from './sign-in-form.tsx'

/** What a provider's way back says; where it leads to in the end is kept for then. */
const takeWayBack = () => {
  const fragment = takeFragment()
  rememberTo(fragment.to)
  return fragment
}

/** The ways in; before there is anybody, how to set Keelson up. */
export const SignInPage = () => {
  const [{ challenge, problem }] = useState(takeWayBack)
  const [asked, setAsked] = useState<Asked | null>(challenge === undefined ? null : { challenge })
  const state = useQuery(signInQuery)
  if (state.data?.setUp === false) return <NotSetUp />
  if (asked !== null) return <SecondStepPage asked={asked} onAsked={setAsked} />
  return (
    <Entrance title="Sign in to Keelson">
      {problem !== undefined && <ProblemNotice code={problem} about="sign-in" />}
      {state.isError && <ErrorBox error={state.error} onRetry={() => void state.refetch()} />}
      {state.isPending && <Loading rows={3} height={36} />}
      {state.data !== undefined && (
        <SignInForm onAsked={setAsked}>
          <OtherWays providers={state.data.providers} onAsked={setAsked} />
        </SignInForm>
      )}
    </Entrance>
  )
}

type SecondStepPageProps = {
  asked: Asked
  onAsked: (asked: SecondFactorAsked | null) => void
}

const SecondStepPage = ({ asked, onAsked }: SecondStepPageProps) => (
  <Entrance title="Confirm that it is you">
    <SecondStep
      key={asked.challenge}
      asked={asked}
      onAsked={onAsked}
      onAgain={() => onAsked(null)}
    />
  </Entrance>
)

const NotSetUp = () => (
  <Entrance title="Keelson is not set up yet">
    <p>
      Open the link that Keelson printed when it started. On the machine where it runs, this prints
      a fresh one:
    </p>
    <Command text="keelson setup-link" />
    <p className="muted">A link works once and ends after 30 minutes.</p>
  </Entrance>
)
