import type { Role } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemError } from '@keelson/sdk'
import { call } from '../../api/call.ts'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { DescriptionField } from '../naming-fields.tsx'
import { useAccessChange } from '../use-access-change.ts'

export type AskedOfRole = { kind: 'describe' | 'delete'; role: Role }

/** The question before a change of a role. */
export const RoleDialogs = ({
  asked: { kind, role },
  onClose,
}: {
  asked: AskedOfRole
  onClose: () => void
}) =>
  kind === 'describe' ? (
    <DescribeRole role={role} onClose={onClose} />
  ) : (
    <DeleteRole role={role} onClose={onClose} />
  )

type DialogProps = { role: Role; onClose: () => void }

const DescribeRole = ({ role, onClose }: DialogProps) => {
  const [description, setDescription] = useState(role.description)
  const save = useAccessChange(
    () =>
      call('putRole', {
        params: { role: role.name },
        body: { description: description.trim(), permissions: role.permissions },
      }),
    onClose,
  )
  return (
    <DialogForm title={`Describe ${role.name}`} submit="Save" change={save} onClose={onClose}>
      <DescriptionField value={description} onChange={setDescription} />
    </DialogForm>
  )
}

const DeleteRole = ({ role, onClose }: DialogProps) => {
  const remove = useAccessChange(() => call('deleteRole', { params: { role: role.name } }), onClose)
  const isInUse =
    role.grants > 0 ||
    (remove.error instanceof ProblemError && remove.error.problem.code === 'role_in_use')
  return (
    <ConfirmDialog
      danger
      title={`Delete the role ${role.name}?`}
      submit="Delete"
      disabled={role.grants > 0}
      change={isInUse ? { ...remove, error: null } : remove}
      onClose={onClose}
    >
      {isInUse ? (
        <>
          Grants are about this role, and it stays as long as they do.{' '}
          <Link to="/access/grants" search={{ role: role.name }}>
            Show its grants
          </Link>
        </>
      ) : (
        'No grant is about it. This cannot be undone.'
      )}
    </ConfirmDialog>
  )
}
