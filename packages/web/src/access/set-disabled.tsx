import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { useAccessChange } from './use-access-change.ts'

type SetDisabledProps = {
  /** Of whom. */
  name: string
  /** What becomes of it. */
  disabled: boolean
  /** What being disabled, and being enabled again, means. */
  words: { disable: string; enable: string }
  change: () => Promise<unknown>
  onClose: () => void
}

/** Asks before somebody is shut out for now, or let in again. */
export const SetDisabled = ({ name, disabled, words, change, onClose }: SetDisabledProps) => {
  const set = useAccessChange(change, onClose)
  const verb = disabled ? 'Disable' : 'Enable'
  return (
    <ConfirmDialog
      title={`${verb} ${name}?`}
      submit={verb}
      danger={disabled}
      change={set}
      onClose={onClose}
    >
      {disabled ? words.disable : words.enable}
    </ConfirmDialog>
  )
}
