import { Button } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { Card } from '../ui/card.tsx'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { countOf } from '../ui/format.ts'
import { useAccountChange } from './use-account-change.ts'

type RecoveryCodesCardProps = { left: number; onMade: (codes: readonly string[]) => void }

/** From here on new ones are advised. */
const few = 2

export const RecoveryCodesCard = ({ left, onMade }: RecoveryCodesCardProps) => {
  const [isAsked, setAsked] = useState(false)
  return (
    <Card title="Recovery codes">
      <div className="account-block">
        <p>
          {left === 0 ? (
            'You have none. With them you get in when the app or the passkey is lost.'
          ) : (
            <>
              <strong>{countOf(left, 'code')}</strong> left. Each signs you in once when the app or
              the passkey is lost.
            </>
          )}
          {left > 0 && left <= few && ' Make new ones before they are used up.'}
        </p>
        <Button size="xs" variant="default" onClick={() => setAsked(true)}>
          {left === 0 ? 'Make codes' : 'Make new codes'}
        </Button>
      </div>
      {isAsked && (
        <NewCodes
          onMade={(codes) => {
            setAsked(false)
            onMade(codes)
          }}
          onClose={() => setAsked(false)}
        />
      )}
    </Card>
  )
}

const NewCodes = ({
  onMade,
  onClose,
}: Pick<RecoveryCodesCardProps, 'onMade'> & { onClose: () => void }) => {
  const make = useAccountChange(
    () => call('createRecoveryCodes'),
    ({ codes }) => onMade(codes),
  )
  return (
    <ConfirmDialog
      title="Make new recovery codes?"
      submit="Make new codes"
      change={make}
      onClose={onClose}
    >
      Those you have stop working. The new ones are shown once.
    </ConfirmDialog>
  )
}
