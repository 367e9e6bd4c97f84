import { Button } from '@mantine/core'
import { useEffect, useId, type ReactNode } from 'react'
import { Command } from './copy-button.tsx'
import { useModal } from './use-modal.ts'

type ShownOnceProps = {
  title: string
  /** The secret. */
  text: string
  copyLabel: string
  /** How it is shown, with a way to take it along; without: as one line. */
  shown?: ReactNode
  /** What to do with it now. */
  children: ReactNode
  doneLabel: string
  onClose: () => void
}

/** Shows a secret, once. It closes only by saying that it is stored: Escape would lose it. */
export const ShownOnce = (props: ShownOnceProps) => {
  const dialog = useModal()
  const id = useId()
  useEffect(() => {
    // Browsers close a dialog at the second Escape, unless they never hear of it.
    const keepOpen = (event: KeyboardEvent) => {
      if (event.key === 'Escape') event.preventDefault()
    }
    document.addEventListener('keydown', keepOpen)
    return () => document.removeEventListener('keydown', keepOpen)
  }, [])
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => event.preventDefault()}
      onClose={props.onClose}
    >
      <div className="dialog-body">
        <h2 id={id}>{props.title}</h2>
        {props.shown ?? <Command text={props.text} label={props.copyLabel} />}
        <p>{props.children}</p>
      </div>
      <div className="dialog-actions">
        <Button size="sm" onClick={() => dialog.current?.close()}>
          {props.doneLabel}
        </Button>
      </div>
    </dialog>
  )
}
