import { Button } from '@mantine/core'
import { useCallback, useEffect, useId, useState, type ReactNode, type SyntheticEvent } from 'react'
import { ErrorBox } from './feedback.tsx'
import { FieldFaultsContext, withoutClaimed } from './field-faults.ts'
import { useModal } from './use-modal.ts'

/** What a dialog does when it is confirmed: a mutation that asks for nothing more. */
export type Change = { mutate: () => void; isPending: boolean; error: unknown }

export type DialogFormProps = {
  title: string
  children: ReactNode
  /** What the button says that does it. */
  submit: string
  change: Change
  danger?: boolean
  /** Room for a table. */
  wide?: boolean
  /** There is nothing to do (yet). */
  disabled?: boolean
  onClose: () => void
}

/** Asks for what a change takes. Mount it to open it; Escape closes it and changes nothing. */
export const DialogForm = ({
  title,
  children,
  submit,
  change,
  onClose,
  ...more
}: DialogFormProps) => {
  const { danger = false, wide = false, disabled = false } = more
  const dialog = useModal()
  const titleId = useId()
  const { error } = change
  const [claimed, claim] = useClaims()
  useEffect(() => {
    const fault = error === null ? null : dialog.current?.querySelector('[aria-invalid=true]')
    if (fault instanceof HTMLElement) fault.focus()
  }, [dialog, error])
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    change.mutate()
  }
  return (
    <dialog
      ref={dialog}
      className={wide ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onClose={onClose}
    >
      <form noValidate onSubmit={onSubmit}>
        <div className="dialog-body">
          <h2 id={titleId}>{title}</h2>
          <FieldFaultsContext value={{ error, claim }}>{children}</FieldFaultsContext>
          {error !== null && <ErrorBox error={withoutClaimed(error, claimed)} />}
        </div>
        <div className="dialog-actions">
          <Button variant="default" size="sm" onClick={() => dialog.current?.close()}>
            Cancel
          </Button>
          <Button
            type="submit"
            size="sm"
            color={danger ? 'red' : 'blue'}
            loading={change.isPending}
            disabled={disabled}
          >
            {submit}
          </Button>
        </div>
      </form>
    </dialog>
  )
}

/** The fields that show their faults themselves. */
const useClaims = () => {
  const [claimed, setClaimed] = useState<ReadonlySet<string>>(new Set())
  const claim = useCallback((name: string) => {
    setClaimed((before) => new Set([...before, name]))
    return () => setClaimed((before) => before.difference(new Set([name])))
  }, [])
  return [claimed, claim] as const
}
