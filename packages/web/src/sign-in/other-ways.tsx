import type { SecondFactorAsked, SignInState } from '@keelson/contract'
import { Button } from '@mantine/core'
import { call } from '../api/call.ts'
import { askForPasskey } from '../passkeys/ceremony.ts'
import { PasskeyHint } from '../passkeys/passkey-hint.tsx'
import { passkeyPlace } from '../passkeys/place.ts'
import { ErrorBox } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { behindEntrance, providerPath } from './return-to.ts'
import { useEnter } from './use-enter.ts'

type OtherWaysProps = {
  providers: SignInState['providers']
  onAsked: (asked: SecondFactorAsked) => void
}

/** In without a password: a passkey, or a provider. Nothing where there is neither. */
export const OtherWays = ({ providers, onAsked }: OtherWaysProps) => {
  const { kind } = passkeyPlace()
  return (
    <>
      {(kind === 'here' || providers.length > 0) && (
        <div className="sign-in-others">
          <p className="sign-in-or">or</p>
          {kind === 'here' && <ByPasskey onAsked={onAsked} />}
          {providers.map(({ id, name }) => (
            // The server answers at this address: the browser leaves the page for the provider.
            <Button
              key={id}
              component="a"
              href={providerPath(id)}
              size="sm"
              variant="default"
              rightSection={<Icon name="arrow" size={14} />}
            >
              Continue with {name}
            </Button>
          ))}
        </div>
      )}
      {kind === 'elsewhere' && <PasskeyHint behind={behindEntrance()} />}
    </>
  )
}

const ByPasskey = ({ onAsked }: Pick<OtherWaysProps, 'onAsked'>) => {
  const enter = useEnter(
    async () =>
      call('createPasskeySession', { body: await askForPasskey(await call('startPasskey')) }),
    onAsked,
  )
  return (
    <>
      {enter.error !== null && <ErrorBox error={enter.error} />}
      <Button
        size="sm"
        variant="default"
        leftSection={<Icon name="key" size={14} />}
        loading={enter.isPending}
        onClick={() => enter.mutate()}
      >
        Sign in with a passkey
      </Button>
    </>
  )
}
