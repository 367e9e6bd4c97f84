import type { Team } from '@keelson/contract'
import { ActionIcon, Button } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { call } from '../../api/call.ts'
import { ErrorBox } from '../../ui/feedback.tsx'
import { Icon } from '../../ui/icon.tsx'
import { NameField } from '../name-field.tsx'
import { useAccessChange } from '../use-access-change.ts'

type TeamMembersProps = { team: Team; mayWrite: boolean }

/** Who is in a team; people and programs are taken in by name. */
export const TeamMembers = ({ team, mayWrite }: TeamMembersProps) => {
  const remove = useAccessChange((user: string) =>
    call('removeTeamMember', { params: { team: team.id, user } }),
  )
  return (
    <div className="team-part">
      <h3>Members</h3>
      {team.members.length === 0 && <p className="muted small">Nobody yet.</p>}
      <ul className="team-members" aria-label={`Members of ${team.name}`}>
        {team.members.map(({ id, name, kind }) => (
          <li key={id} className="tag">
            <span className="break">{name}</span>
            {kind !== 'user' && <span className="muted">{kind.replaceAll('_', ' ')}</span>}
            {mayWrite && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size={24}
                aria-label={`Take ${name} out of ${team.name}`}
                title="Take out"
                loading={remove.isPending && remove.variables === id}
                onClick={() => remove.mutate(id)}
              >
                <Icon name="close" size={12} />
              </ActionIcon>
            )}
          </li>
        ))}
      </ul>
      {remove.isError && <ErrorBox error={remove.error} />}
      {mayWrite && <AddMember team={team} />}
    </div>
  )
}

const AddMember = ({ team }: { team: Team }) => {
  const [name, setName] = useState('')
  const add = useAccessChange(
    () => call('addTeamMember', { params: { team: team.id, user: name.trim() } }),
    () => setName(''),
  )
  const onSubmit = (event: SyntheticEvent) => {
    event.preventDefault()
    add.mutate()
  }
  return (
    <>
      <form className="team-add" onSubmit={onSubmit}>
        <NameField
          label={`Add to ${team.name}`}
          of={['user', 'service account']}
          value={name}
          onChange={setName}
        />
        <Button
          type="submit"
          size="sm"
          variant="default"
          disabled={name.trim() === ''}
          loading={add.isPending}
        >
          Add
        </Button>
      </form>
      {add.isError && <ErrorBox error={add.error} />}
    </>
  )
}
