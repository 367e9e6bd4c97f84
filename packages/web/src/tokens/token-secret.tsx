import type { ApiTokenMade } from '@keelson/contract'
import { ShownOnce } from '../ui/shown-once.tsx'
import { Until } from '../ui/time.tsx'

type TokenSecretProps = { made: ApiTokenMade; onClose: () => void }

/** The whole token, the only time that it is told. */
export const TokenSecret = ({ made: { token, secret }, onClose }: TokenSecretProps) => (
  <ShownOnce
    title={`The token ${token.name}`}
    text={secret}
    copyLabel="Copy the token"
    doneLabel="I have stored it"
    onClose={onClose}
  >
    Store it now, in a password store or the secrets of the program: it is shown this once.
    {token.formerUntil !== null && (
      <>
        {' '}
        The secret before ends <Until at={token.formerUntil} />.
      </>
    )}
  </ShownOnce>
)
