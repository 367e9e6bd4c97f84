import { useEffect, useRef, type RefObject } from 'react'
import { focusAgain, focusedAt } from './kept-focus.ts'

/** A dialog that is open as long as it is mounted; then focus goes back to where it was. */
export const useModal = (): RefObject<HTMLDialogElement | null> => {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const before = focusedAt(document.activeElement)
    dialog.current?.showModal()
    return () => {
      if (before !== null) focusAgain(before)
    }
  }, [])
  return dialog
}
