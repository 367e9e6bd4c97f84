import type { ApiToken, ApiTokenMade } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useState } from 'react'
import { Empty } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { RevokeToken, RotateToken } from './token-dialogs.tsx'
import { TokenForm } from './token-form.tsx'
import type { TokenPlace } from './token-place.ts'
import { TokenSecret } from './token-secret.tsx'
import { TokenTable, type AskedOfToken } from './token-table.tsx'
import './tokens.css'

type TokenListProps = {
  place: TokenPlace
  tokens: readonly ApiToken[]
  /** Whether there are buttons to make, rotate and revoke. */
  mayWrite: boolean
}

/** Tokens of one account, with what can be done to them. Stands in a card without padding. */
export const TokenList = ({ place, tokens, mayWrite }: TokenListProps) => {
  const [isMaking, setMaking] = useState(false)
  const [asked, setAsked] = useState<AskedOfToken | null>(null)
  const [made, setMade] = useState<ApiTokenMade | null>(null)
  const show = (next: ApiTokenMade) => {
    setMaking(false)
    setAsked(null)
    setMade(next)
  }
  const make = mayWrite && (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setMaking(true)}
    >
      Make a token
    </Button>
  )
  const dialog = asked !== null && { place, token: asked.token, onClose: () => setAsked(null) }
  return (
    <>
      {tokens.length === 0 ? (
        <Empty icon="lock" title="No API token" action={make}>
          With a token a program calls the API as{' '}
          {place.owner === 'you' ? 'you, within what the token may' : place.owner}.
        </Empty>
      ) : (
        <>
          <TokenTable tokens={tokens} onAsk={mayWrite ? setAsked : null} />
          {mayWrite && <div className="token-make">{make}</div>}
        </>
      )}
      {isMaking && <TokenForm place={place} onMade={show} onClose={() => setMaking(false)} />}
      {dialog !== false && asked?.kind === 'rotate' && <RotateToken {...dialog} onMade={show} />}
      {dialog !== false && asked?.kind === 'revoke' && <RevokeToken {...dialog} />}
      {made !== null && <TokenSecret made={made} onClose={() => setMade(null)} />}
    </>
  )
}
