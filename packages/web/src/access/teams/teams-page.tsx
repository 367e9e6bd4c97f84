import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { Icon } from '../../ui/icon.tsx'
import { ListPage } from '../../ui/list-page.tsx'
import { listOf, named } from '../../ui/list.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { useWords } from '../../ui/words.ts'
import { teamsQuery } from '../queries.ts'
import { TeamCard } from './team-card.tsx'
import { TeamForm } from './team-form.tsx'
import './teams.css'

/** Who belongs together; what a team is granted, its members are. */
export const TeamsPage = () => {
  usePageTitle('Teams')
  const [words, onFind] = useWords()
  const [isMaking, setMaking] = useState(false)
  const teams = useQuery(teamsQuery)
  const mayWrite = usePermission('access:write')
  const make = mayWrite && (
    <Button size="sm" leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
      Make a team
    </Button>
  )
  return (
    <>
      <ListPage
        asCards
        list={named(listOf(teams), words)}
        noun="team"
        loading={{ rows: 2, height: 140 }}
        bar={{
          label: 'Teams',
          search: { label: 'Filter teams by name', placeholder: 'Name', words, onFind },
          action: make,
        }}
        filter={{ isOn: words !== '', clear: () => onFind('') }}
        none={{
          icon: 'access',
          title: 'No team yet',
          text: 'What a team is granted, all of its members are: people come and go without a change of grants.',
          action: make,
        }}
      >
        {(rows) => (
          <div className="teams">
            {rows.map((team) => (
              <TeamCard key={team.id} team={team} mayWrite={mayWrite} />
            ))}
          </div>
        )}
      </ListPage>
      {isMaking && <TeamForm onClose={() => setMaking(false)} />}
    </>
  )
}
