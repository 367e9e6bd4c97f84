import { Button } from '@mantine/core'
import { useEffect, useId, useRef, type ReactNode } from 'react'
import { ErrorBox } from './feedback.tsx'

type ConfirmProps = {
  title: string
  children: ReactNode
  confirmLabel: string
  danger?: boolean
  /** Room for a table. */
  wide?: boolean
  /** There is nothing to confirm (yet). */
  disabled?: boolean
  busy: boolean
  error: unknown
  onConfirm: () => void
  onClose: () => void
}

/** Asks before something that cannot be undone. Mount it to open it. */
export const ConfirmDialog = (props: ConfirmProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const before = document.activeElement
    dialog.current?.showModal()
    return () => {
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className={props.wide === true ? 'dialog wide' : 'dialog'}
      aria-labelledby={titleId}
      onClose={props.onClose}
    >
      <div className="dialog-body">
        <h2 id={titleId}>{props.title}</h2>
        {props.children}
        {props.error !== null && <ErrorBox error={props.error} />}
      </div>
      <div className="dialog-actions">
        <Button variant="default" size="sm" onClick={() => dialog.current?.close()}>
          Cancel
        </Button>
        <Button
          size="sm"
          color={props.danger === true ? 'red' : 'blue'}
          loading={props.busy}
          disabled={props.disabled === true}
          onClick={props.onConfirm}
        >
          {props.confirmLabel}
        </Button>
      </div>
    </dialog>
  )
}
