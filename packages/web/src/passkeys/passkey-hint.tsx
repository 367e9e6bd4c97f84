import { CopyButton } from '../ui/copy-button.tsx'
import { passkeyPlace } from './place.ts'

type PasskeyHintProps = {
  /**
   * What goes along to the other place, in the part of an address that no server is sent: what is secret
   * about a link, or where one was going.
   */
  behind?: string
}

/**
 * The address without its secret, for what is on screen is looked at by others; that it does not end
 * there is to be seen, and the button beside it copies all of it.
 */
const shownOf = (url: string): string => {
  const [shown = url, secret] = url.split('#', 2)
  return secret === undefined ? shown : `${shown}#…`
}

/** Why there is no passkey to use here, and where there is; nothing where there is one. */
export const PasskeyHint = ({ behind = '' }: PasskeyHintProps) => {
  const place = passkeyPlace(behind)
  switch (place.kind) {
    case 'here':
      return null
    case 'elsewhere':
      return (
        <p className="muted small passkey-hint">
          Passkeys do not work at an IP address: open <a href={place.url}>{shownOf(place.url)}</a>
          <CopyButton text={place.url} label="Copy the whole address" /> to use one.
        </p>
      )
    case 'nowhere':
      return <p className="muted small">{place.why}</p>
  }
}
