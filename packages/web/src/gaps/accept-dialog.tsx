import type { GapFinding } from '@keelson/contract'
import { Input } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../api/call.ts'
import { DialogForm } from '../ui/dialog-form.tsx'
import { endOfDay, tomorrow } from '../ui/expiry.ts'
import { Field } from '../ui/field.tsx'
import { LongTextField } from '../ui/long-text-field.tsx'
import { refreshGaps } from './refresh-gaps.ts'

const reasonMin = 3
const reasonMax = 1000

type AcceptDialogProps = { stack: string; finding: GapFinding; onClose: () => void }

/** A finding is accepted with a reason, for good or until a day. */
export const AcceptDialog = ({ stack, finding, onClose }: AcceptDialogProps) => {
  const [reason, setReason] = useState('')
  const [day, setDay] = useState('')
  const cache = useQueryClient()
  const accept = useMutation({
    mutationFn: () =>
      call('acceptGap', {
        params: { stack, fingerprint: finding.fingerprint },
        body: { reason: reason.trim(), ...(day === '' ? {} : { until: endOfDay(day) }) },
      }),
    onSuccess: async () => {
      await refreshGaps(cache, stack)
      onClose()
    },
  })
  return (
    <DialogForm
      title="Accept this finding?"
      submit="Accept"
      disabled={reason.trim().length < reasonMin}
      change={accept}
      onClose={onClose}
    >
      <p className="break">{finding.message}</p>
      <LongTextField
        required
        name="reason"
        label="Reason"
        hint={`At least ${reasonMin} letters; everybody who may see the finding reads it.`}
        max={reasonMax}
        value={reason}
        onChange={setReason}
      />
      <Field label="Until, if not for good" name="until">
        {(props) => (
          <Input
            {...props}
            type="date"
            min={tomorrow()}
            value={day}
            onChange={({ currentTarget }) => setDay(currentTarget.value)}
          />
        )}
      </Field>
    </DialogForm>
  )
}
