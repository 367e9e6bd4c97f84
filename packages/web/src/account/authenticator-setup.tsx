import type { Answer } from '@keelson/sdk'
import { Input } from '@mantine/core'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { Command } from '../ui/copy-button.tsx'
import { DialogForm } from '../ui/dialog-form.tsx'
import { Field } from '../ui/field.tsx'
import { QrCode } from './qr-code.tsx'
import { useAccountChange } from './use-account-change.ts'

type AuthenticatorSetupProps = {
  secret: Answer<'startTotp'>
  /** There is one, which goes on until the new one is proved. */
  isReplacing: boolean
  onAdded: (recoveryCodes: readonly string[] | null) => void
  onClose: () => void
}

const codeMax = 10

/** The secret for the app, and a code of it as proof that it works. */
export const AuthenticatorSetup = ({
  secret: { secret, uri },
  isReplacing,
  onAdded,
  onClose,
}: AuthenticatorSetupProps) => {
  const [code, setCode] = useState('')
  const confirm = useAccountChange(
    () => call('confirmTotp', { body: { code: code.replaceAll(' ', '') } }),
    ({ recoveryCodes }) => onAdded(recoveryCodes),
  )
  return (
    <DialogForm
      title={isReplacing ? 'Replace the authenticator app' : 'Set up the authenticator app'}
      submit="Confirm"
      disabled={code.trim() === ''}
      change={confirm}
      onClose={onClose}
    >
      <p>
        Scan this with the {isReplacing ? 'new app' : 'app'}, or type the key in.
        {isReplacing && ' The one you have goes on until a code of the new one is confirmed.'}
      </p>
      <QrCode text={uri} label="QR code for the authenticator app" />
      <Command text={secret} label="Copy the key" />
      <Field label="Code that the app shows" hint="Other sessions of yours end when it is right.">
        {(props) => (
          <Input
            {...props}
            required
            className="mono"
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={codeMax}
            value={code}
            onChange={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
      </Field>
    </DialogForm>
  )
}
