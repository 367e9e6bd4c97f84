import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { call } from '../api/call.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { Question } from './question.tsx'

/** Who has neither password nor passkey proves it to the provider, by which they sign in. */
export const SignInAgain = ({ titleId }: { titleId: string }) => {
  const signOut = useMutation({
    mutationFn: () => call('deleteSession'),
    // A load of its own forgets everything that was read.
    onSuccess: () => window.location.assign('/sign-in'),
  })
  return (
    <Question
      titleId={titleId}
      action={
        <Button size="sm" loading={signOut.isPending} onClick={() => signOut.mutate()}>
          Sign in again
        </Button>
      }
    >
      <p>
        You have neither a password nor a passkey here: sign in again by your provider, then begin
        again.
      </p>
      {signOut.error !== null && <ErrorBox error={signOut.error} />}
    </Question>
  )
}
