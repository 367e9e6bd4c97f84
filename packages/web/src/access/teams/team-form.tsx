import type { Team } from '@keelson/contract'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { DialogForm } from '../../ui/dialog-form.tsx'
import { principalNameFault } from '../name-fault.ts'
import { DescriptionField, PrincipalNameField } from '../naming-fields.tsx'
import { useAccessChange } from '../use-access-change.ts'

type TeamFormProps = {
  /** What is changed; without it a team is made. */
  team?: Team
  onClose: () => void
}

export const TeamForm = ({ team, onClose }: TeamFormProps) => {
  const [name, setName] = useState(team?.name ?? '')
  const [description, setDescription] = useState(team?.description ?? '')
  const body = { name: name.trim(), description: description.trim() }
  const save = useAccessChange(
    () =>
      team === undefined
        ? call('createTeam', { body })
        : call('updateTeam', { params: { team: team.id }, body }),
    onClose,
  )
  return (
    <DialogForm
      title={team === undefined ? 'Make a team' : `Change ${team.name}`}
      submit={team === undefined ? 'Make the team' : 'Save'}
      disabled={body.name === '' || principalNameFault(body.name) !== undefined}
      change={save}
      onClose={onClose}
    >
      <PrincipalNameField value={name} onChange={setName} />
      <DescriptionField value={description} onChange={setDescription} />
    </DialogForm>
  )
}
