import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../stack/permissions.ts'
import { Icon } from '../ui/icon.tsx'
import { ListPage } from '../ui/list-page.tsx'
import { listOf, named } from '../ui/list.ts'
import { usePageTitle } from '../ui/page-title.ts'
import { useWords } from '../ui/words.ts'
import { CreateAccount } from './create-account.tsx'
import { serviceAccountsQuery } from './queries.ts'
import { ServiceAccountsTable } from './service-accounts-table.tsx'
import './service-accounts.css'

/** Accounts of programs, and who answers for them. */
export const ServiceAccountsPage = () => {
  usePageTitle('Service accounts')
  const [words, onFind] = useWords()
  const [isMaking, setMaking] = useState(false)
  const accounts = useQuery(serviceAccountsQuery)
  const mayWrite = usePermission('users:write')
  const make = mayWrite && (
    <Button size="sm" leftSection={<Icon name="plus" size={14} />} onClick={() => setMaking(true)}>
      Make a service account
    </Button>
  )
  return (
    <>
      <ListPage
        list={named(listOf(accounts), words)}
        noun="service account"
        bar={{
          label: 'Service accounts',
          search: { label: 'Filter service accounts by name', placeholder: 'Name', words, onFind },
          action: make,
        }}
        filter={{ isOn: words !== '', clear: () => onFind('') }}
        none={{
          icon: 'lock',
          title: 'No service account yet',
          text: 'A program gets an account of its own: it may what it is granted, and its tokens outlive the people who made them.',
          action: make,
        }}
      >
        {(rows) => <ServiceAccountsTable accounts={rows} />}
      </ListPage>
      {isMaking && <CreateAccount onClose={() => setMaking(false)} />}
    </>
  )
}
