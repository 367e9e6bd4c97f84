import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { Icon } from '../../ui/icon.tsx'
import { ListPage } from '../../ui/list-page.tsx'
import { pagedListOf } from '../../ui/list.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { useWords } from '../../ui/words.ts'
import { gatewayConsumersQuery } from '../queries.ts'
import { ConsumersTable } from './consumers-table.tsx'
import { CreateConsumer } from './create-consumer.tsx'
import './consumers.css'

/** Who may ask, and with which credentials. */
export const ConsumersPage = () => {
  usePageTitle('Consumers of the gateway')
  const [words, onFind] = useWords()
  const list = useInfiniteQuery(gatewayConsumersQuery(words))
  const mayWrite = usePermission('gateway:write')
  const [isCreating, setCreating] = useState(false)
  const create = mayWrite && (
    <Button
      size="sm"
      leftSection={<Icon name="plus" size={14} />}
      onClick={() => setCreating(true)}
    >
      Create a consumer
    </Button>
  )
  return (
    <>
      <ListPage
        list={pagedListOf(list)}
        noun="consumer"
        bar={{
          label: 'Consumers',
          search: {
            ...{ label: 'Filter consumers by text', placeholder: 'Name, custom id, group' },
            ...{ words, onFind },
          },
          action: create,
        }}
        filter={{ isOn: words !== '', clear: () => onFind('') }}
        none={{
          icon: 'lock',
          title: 'No consumer yet',
          text: 'A consumer is who asks: an app, a partner, a device. Its keys are checked by authentication plugins of the routes.',
          action: create,
        }}
      >
        {(rows) => <ConsumersTable rows={rows} mayWrite={mayWrite} />}
      </ListPage>
      {isCreating && <CreateConsumer onClose={() => setCreating(false)} />}
    </>
  )
}
