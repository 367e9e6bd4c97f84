import { Button, TextInput } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'

type ApplyFormProps = { disabled: boolean; busy: boolean; onApply: (note: string) => void }

/** Applies what was looked at, with a word for the revisions. */
export const ApplyForm = ({ disabled, busy, onApply }: ApplyFormProps) => {
  const [note, setNote] = useState('')
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    onApply(note.trim())
  }
  return (
    <form className="gw-apply" onSubmit={onSubmit}>
      <TextInput
        size="sm"
        className="gw-note"
        aria-label="Note for the revision"
        placeholder="Why, for whoever reads the revisions"
        maxLength={500}
        value={note}
        onChange={({ currentTarget }) => setNote(currentTarget.value)}
      />
      <Button type="submit" size="sm" disabled={disabled} loading={busy}>
        Apply
      </Button>
    </form>
  )
}
