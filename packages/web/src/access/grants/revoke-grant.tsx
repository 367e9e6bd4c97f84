import type { Grant } from '@keelson/contract'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { useAccessChange } from '../use-access-change.ts'
import { selectorText } from './selector-text.ts'

type RevokeGrantProps = { grant: Grant; onClose: () => void }

export const RevokeGrant = ({ grant, onClose }: RevokeGrantProps) => {
  const { id, holder, role, effect, on } = grant
  const revoke = useAccessChange(() => call('revokeGrant', { params: { grant: id } }), onClose)
  return (
    <ConfirmDialog
      danger
      title={`Revoke ${role} of ${holder.name}?`}
      submit="Revoke"
      change={revoke}
      onClose={onClose}
    >
      {effect === 'deny' ? 'The denial ' : 'The grant '}
      is on {selectorText(on)}. It ends with the next request, and so does what goes on because of
      it.
    </ConfirmDialog>
  )
}
