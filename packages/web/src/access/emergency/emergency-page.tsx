import type { Grant } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useEffect, useRef, useState, type SyntheticEvent } from 'react'
import { call } from '../../api/call.ts'
import { Card } from '../../ui/card.tsx'
import { ErrorBox } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { LongTextField } from '../../ui/long-text-field.tsx'
import { usePageTitle } from '../../ui/page-title.ts'
import { SelectField } from '../../ui/select-field.tsx'
import { Until } from '../../ui/time.tsx'
import { RoleField } from '../role-field.tsx'
import { useAccessChange } from '../use-access-change.ts'

const reasonMin = 3
const reasonMax = 1000
const lengths = [
  { value: '15', label: '15 minutes' },
  { value: '30', label: '30 minutes' },
  { value: '60', label: '60 minutes' },
]

/** Breaking the glass: a role for oneself, on everything, for a while, before everybody's eyes. */
export const EmergencyPage = () => {
  usePageTitle('In an emergency')
  const [role, setRole] = useState('operator')
  const [minutes, setMinutes] = useState('30')
  const [reason, setReason] = useState('')
  const [made, setMade] = useState<Grant | null>(null)
  const take = useAccessChange(
    () => call('breakGlass', { body: { role, minutes: Number(minutes), reason: reason.trim() } }),
    (grant) => {
      setMade(grant)
      setReason('')
    },
  )
  const told = useRef<HTMLParagraphElement>(null)
  // The button is off until there is another reason, and would leave the focus nowhere.
  useEffect(() => {
    if (made !== null) told.current?.focus()
  }, [made])
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    setMade(null)
    take.mutate()
  }
  return (
    <Card title="In an emergency">
      <form className="form" onSubmit={onSubmit}>
        <div className="notice is-degraded">
          <Icon name="degraded" />
          <div>
            <p className="notice-title">Everybody is told</p>
            <p>
              You give yourself a role on everything, for an hour at most. It is in the timeline of
              everybody and in the audit, with your name and your reason.
            </p>
          </div>
        </div>
        <RoleField value={role} onChange={setRole} />
        <SelectField label="For" value={minutes} data={lengths} onChange={setMinutes} />
        <LongTextField
          required
          label="Reason"
          hint={`At least ${reasonMin} letters; everybody reads it.`}
          max={reasonMax}
          value={reason}
          onChange={setReason}
        />
        {take.isError && <ErrorBox error={take.error} />}
        <Button
          type="submit"
          size="sm"
          color="red"
          disabled={reason.trim().length < reasonMin}
          loading={take.isPending}
        >
          Give myself the role
        </Button>
        <p ref={told} role="status" tabIndex={-1}>
          {made !== null && (
            <>
              You are <strong>{made.role}</strong> on everything.
              {made.expiresAt !== null && (
                <>
                  {' '}
                  It ends <Until at={made.expiresAt} />.
                </>
              )}
            </>
          )}
        </p>
      </form>
    </Card>
  )
}
