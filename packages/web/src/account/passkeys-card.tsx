import type { Passkey } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useState } from 'react'
import { passkeyPlace } from '../passkeys/place.ts'
import { PasskeyHint } from '../passkeys/passkey-hint.tsx'
import { Card } from '../ui/card.tsx'
import { Empty } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { Ago } from '../ui/time.tsx'
import { AddPasskey, DeletePasskey, RenamePasskey } from './passkey-dialogs.tsx'

type PasskeysCardProps = {
  passkeys: readonly Passkey[]
  onAdded: (recoveryCodes: readonly string[] | null) => void
}

type Asked = { kind: 'add' } | { kind: 'rename' | 'delete'; passkey: Passkey }

/** Passkeys: both factors in one. */
export const PasskeysCard = ({ passkeys, onAdded }: PasskeysCardProps) => {
  const [asked, setAsked] = useState<Asked | null>(null)
  const close = () => setAsked(null)
  const isHere = passkeyPlace().kind === 'here'
  const add = isHere && (
    <Button
      size="xs"
      variant="default"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setAsked({ kind: 'add' })}
    >
      Add a passkey
    </Button>
  )
  return (
    <Card flush title="Passkeys" aside={passkeys.length > 0 && add}>
      {passkeys.length === 0 ? (
        <Empty icon="key" title="No passkey yet" action={isHere ? add : <PasskeyHint />}>
          It signs you in by a fingerprint, a face or a PIN of your device, in place of the password
          and a code.
        </Empty>
      ) : (
        <ul className="account-list" aria-label="Passkeys">
          {passkeys.map((passkey) => (
            <PasskeyRow key={passkey.id} passkey={passkey} onAsk={setAsked} />
          ))}
          {!isHere && (
            <li>
              <PasskeyHint />
            </li>
          )}
        </ul>
      )}
      {asked?.kind === 'add' && (
        <AddPasskey
          onAdded={(codes) => {
            close()
            onAdded(codes)
          }}
          onClose={close}
        />
      )}
      {asked?.kind === 'rename' && <RenamePasskey passkey={asked.passkey} onClose={close} />}
      {asked?.kind === 'delete' && <DeletePasskey passkey={asked.passkey} onClose={close} />}
    </Card>
  )
}

type PasskeyRowProps = { passkey: Passkey; onAsk: (asked: Asked) => void }

const PasskeyRow = ({ passkey, onAsk }: PasskeyRowProps) => {
  const { id, name, backedUp, createdAt, lastUsedAt } = passkey
  return (
    <li data-passkey={id}>
      <div>
        <p className="account-name break">{name}</p>
        <p className="muted small">
          {lastUsedAt === null ? (
            <>
              Never used, made <Ago at={createdAt} />
            </>
          ) : (
            <>
              Last used <Ago at={lastUsedAt} />
            </>
          )}
          {backedUp ? ' · synchronised between your devices' : ' · on one device only'}
        </p>
      </div>
      <span className="row">
        <Button
          size="xs"
          variant="default"
          aria-label={`Rename ${name}`}
          onClick={() => onAsk({ kind: 'rename', passkey })}
        >
          Rename
        </Button>
        <Button
          size="xs"
          variant="default"
          aria-label={`Remove ${name}`}
          onClick={() => onAsk({ kind: 'delete', passkey })}
        >
          Remove
        </Button>
      </span>
    </li>
  )
}
