import type { Provider } from '@keelson/contract'
import { call } from '../api/call.ts'
import { ConfirmDialog } from '../ui/confirm-dialog.tsx'
import { countOf } from '../ui/format.ts'
import { useProviderChange } from './use-provider-change.ts'

type DeleteProviderProps = { provider: Provider; onClose: () => void }

export const DeleteProvider = ({ provider: { id, name, users }, onClose }: DeleteProviderProps) => {
  const remove = useProviderChange(
    () => call('deleteProvider', { params: { provider: id } }),
    onClose,
  )
  return (
    <ConfirmDialog
      danger
      title={`Delete ${name}?`}
      submit="Delete"
      change={remove}
      onClose={onClose}
    >
      {countOf(users, 'account')} {users === 1 ? 'is' : 'are'} linked to it. Sessions made by it
      end, the roles of its groups are gone, and whoever has no other way to sign in needs a reset
      link.
    </ConfirmDialog>
  )
}
