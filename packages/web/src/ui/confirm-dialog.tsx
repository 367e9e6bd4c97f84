import { DialogForm, type DialogFormProps } from './dialog-form.tsx'

/** Asks before something that interrupts or cannot be undone, and says in a sentence what it does. */
export const ConfirmDialog = ({ children, ...given }: DialogFormProps) => (
  <DialogForm {...given}>
    <p className="break">{children}</p>
  </DialogForm>
)
