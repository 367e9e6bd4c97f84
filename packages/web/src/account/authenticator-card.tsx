import { Button } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import { lazy, Suspense, useState } from 'react'
import { call } from '../api/call.ts'
import { loadPart } from '../load-part.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { ErrorBox } from '../ui/feedback.tsx'
import { Ago } from '../ui/time.tsx'
import { useAccountChange } from './use-account-change.ts'

/** With the QR code, which nobody else needs. */
const AuthenticatorSetup = lazy(
  loadPart(() =>
    import('./authenticator-setup.tsx').then(({ AuthenticatorSetup }) => ({
      default: AuthenticatorSetup,
    })),
  ),
)

type AuthenticatorCardProps = {
  /** Null: there is none. */
  since: string | null
  onAdded: (recoveryCodes: readonly string[] | null) => void
}

export const AuthenticatorCard = ({ since, onAdded }: AuthenticatorCardProps) => {
  const [isRemoving, setRemoving] = useState(false)
  const start = useMutation({ mutationFn: () => call('startTotp') })
  return (
    <Card title="Authenticator app">
      <div className="account-block">
        {since === null ? (
          <>
            <p>
              An app on your phone shows a code of six digits, which is asked for besides your
              password.
            </p>
            {start.error !== null && <ErrorBox error={start.error} />}
            <Button
              size="xs"
              variant="default"
              loading={start.isPending}
              onClick={() => start.mutate()}
            >
              Set up
            </Button>
          </>
        ) : (
          <>
            <p>
              In use, set up <Ago at={since} />. Its code is asked for besides your password.
            </p>
            {start.error !== null && <ErrorBox error={start.error} />}
            <div className="row wrap">
              <Button
                size="xs"
                variant="default"
                loading={start.isPending}
                onClick={() => start.mutate()}
              >
                Replace the app
              </Button>
              <Button size="xs" variant="default" onClick={() => setRemoving(true)}>
                Remove the app
              </Button>
            </div>
          </>
        )}
      </div>
      {start.data !== undefined && (
        <Suspense fallback={null}>
          <AuthenticatorSetup
            secret={start.data}
            isReplacing={since !== null}
            onAdded={(codes) => {
              start.reset()
              onAdded(codes)
            }}
            onClose={() => start.reset()}
          />
        </Suspense>
      )}
      {isRemoving && <RemoveAuthenticator onClose={() => setRemoving(false)} />}
    </Card>
  )
}

const RemoveAuthenticator = ({ onClose }: { onClose: () => void }) => {
  const remove = useAccountChange(() => call('deleteTotp'), onClose)
  return (
    <ConfirmDialog
      danger
      title="Do without the authenticator app?"
      submit="Remove"
      change={remove}
      onClose={onClose}
    >
      Its codes stop working. Without a passkey, your password alone signs you in then.
    </ConfirmDialog>
  )
}
