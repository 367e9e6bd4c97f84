import type { GatewayConsumerRow, GatewayKeyMade } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useEffect, useId, useRef } from 'react'
import { Command } from '../../ui/copy-button.tsx'
import { consumerName } from './consumer-text.ts'

type KeyDialogProps = { consumer: GatewayConsumerRow; made: GatewayKeyMade; onClose: () => void }

/** Shows a key, once. It closes only by saying that the key is stored: Escape would lose it. */
export const KeyDialog = ({ consumer, made, onClose }: KeyDialogProps) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const shown = dialog.current
    const before = document.activeElement
    // Browsers close a dialog at the second Escape, unless they never hear of it.
    const keepOpen = (event: KeyboardEvent) => {
      if (event.key === 'Escape') event.preventDefault()
    }
    shown?.showModal()
    document.addEventListener('keydown', keepOpen)
    return () => {
      document.removeEventListener('keydown', keepOpen)
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onCancel={(event) => event.preventDefault()}
      onClose={onClose}
    >
      <div className="dialog-body">
        <h2 id={id}>The key of {consumerName(consumer)}</h2>
        <Command text={made.key} label="Copy the key" />
        <p>
          Store it now, in a password store or the secrets of the app: it is shown this once, and
          nobody can read it again. Lost, it is revoked and another one made.
        </p>
      </div>
      <div className="dialog-actions">
        <Button size="sm" onClick={() => dialog.current?.close()}>
          I have stored it
        </Button>
      </div>
    </dialog>
  )
}
