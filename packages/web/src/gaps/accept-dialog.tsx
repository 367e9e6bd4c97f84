import type { GapFinding } from '@keelson/contract'
import { Input } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useId, useState } from 'react'
import { call } from '../api/call.ts'
import { ConfirmDialog } from '../ui/dialog.tsx'
import { refreshGaps } from './refresh-gaps.ts'

const reasonMin = 3
const reasonMax = 1000

type AcceptDialogProps = { stack: string; finding: GapFinding; onClose: () => void }

/** A finding is accepted with a reason, for good or until a day. */
export const AcceptDialog = ({ stack, finding, onClose }: AcceptDialogProps) => {
  const [reason, setReason] = useState('')
  const [day, setDay] = useState('')
  const id = useId()
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
    <ConfirmDialog
      title="Accept this finding?"
      confirmLabel="Accept"
      disabled={reason.trim().length < reasonMin}
      busy={accept.isPending}
      error={accept.error}
      onConfirm={() => accept.mutate()}
      onClose={onClose}
    >
      <p className="break">{finding.message}</p>
      <div className="field">
        <label htmlFor={`${id}-reason`}>Reason</label>
        <Input
          component="textarea"
          id={`${id}-reason`}
          rows={3}
          multiline
          required
          maxLength={reasonMax}
          value={reason}
          aria-describedby={`${id}-hint`}
          onChange={({ currentTarget }) => setReason(currentTarget.value)}
        />
        <p id={`${id}-hint`} className="muted small">
          At least {reasonMin} letters; everybody who may see the finding reads it.
        </p>
      </div>
      <div className="field">
        <label htmlFor={`${id}-until`}>Until, if not for good</label>
        <Input
          type="date"
          id={`${id}-until`}
          min={tomorrow()}
          value={day}
          onChange={({ currentTarget }) => setDay(currentTarget.value)}
        />
      </div>
    </ConfirmDialog>
  )
}

/** A day of this browser's calendar, to its last second. */
const endOfDay = (day: string): string => new Date(`${day}T23:59:59`).toISOString()

const tomorrow = (): string => {
  const date = new Date()
  date.setDate(date.getDate() + 1)
  const two = (number: number) => String(number).padStart(2, '0')
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
}
