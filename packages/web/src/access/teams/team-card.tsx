import type { Team } from '@keelson/contract'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { call } from '../../api/call.ts'
import { AuditItem } from '../../audit/audit-link.tsx'
import { Card } from '../../ui/card.tsx'
import { ConfirmDialog } from '../../ui/confirm-dialog.tsx'
import { Menu, MenuButton } from '../../ui/menu.tsx'
import { useAccessChange } from '../use-access-change.ts'
import { TeamForm } from './team-form.tsx'
import { TeamMembers } from './team-members.tsx'

type TeamCardProps = { team: Team; mayWrite: boolean }

export const TeamCard = ({ team, mayWrite }: TeamCardProps) => {
  const [asked, setAsked] = useState<'change' | 'delete' | null>(null)
  const close = () => setAsked(null)
  return (
    <Card title={team.name} aside={<TeamMenu team={team} onAsk={mayWrite ? setAsked : null} />}>
      <div className="team" data-team={team.name}>
        {team.description !== '' && <p className="muted break">{team.description}</p>}
        <TeamMembers team={team} mayWrite={mayWrite} />
        <TeamRoles team={team} />
      </div>
      {asked === 'change' && <TeamForm team={team} onClose={close} />}
      {asked === 'delete' && <DeleteTeam team={team} onClose={close} />}
    </Card>
  )
}

type TeamMenuProps = { team: Team; onAsk: ((asked: 'change' | 'delete') => void) | null }

const TeamMenu = ({ team, onAsk }: TeamMenuProps) => (
  <Menu label={`More about ${team.name}`}>
    {onAsk !== null && <MenuButton onClick={() => onAsk('change')}>Change the name</MenuButton>}
    <li>
      <Link to="/access/grants" search={{ team: team.name }}>
        Its grants
      </Link>
    </li>
    <AuditItem object={`team:${team.name}`} />
    {onAsk !== null && (
      <MenuButton danger onClick={() => onAsk('delete')}>
        Delete
      </MenuButton>
    )}
  </Menu>
)

const TeamRoles = ({ team: { name, roles } }: { team: Team }) => (
  <div className="team-part">
    <h3>Roles</h3>
    {roles.length === 0 ? (
      <p className="muted small">No grant yet: its members may no more than without it.</p>
    ) : (
      <p className="tags">
        {roles.map((role) => (
          <Link key={role} to="/access/grants" search={{ team: name, role }} className="tag">
            {role}
          </Link>
        ))}
      </p>
    )}
  </div>
)

const DeleteTeam = ({ team, onClose }: { team: Team; onClose: () => void }) => {
  const remove = useAccessChange(() => call('deleteTeam', { params: { team: team.id } }), onClose)
  return (
    <ConfirmDialog
      danger
      title={`Delete the team ${team.name}?`}
      submit="Delete"
      change={remove}
      onClose={onClose}
    >
      Its grants go with it: what members hold only through it, they lose at once.
    </ConfirmDialog>
  )
}
