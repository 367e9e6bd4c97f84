import { Button, TextInput } from '@mantine/core'
import { useDebouncedValue } from '@mantine/hooks'
import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { Empty, ErrorBox, Loading } from '../../ui/feedback.tsx'
import { countOf } from '../../ui/format.ts'
import { Icon } from '../../ui/icon.tsx'
import { usePageTitle } from '../../ui/page-title.ts'
import { changedSearch } from '../gateway-search.ts'
import { gatewayConsumersQuery } from '../queries.ts'
import { ConsumersTable } from './consumers-table.tsx'
import { CreateConsumer } from './create-consumer.tsx'
import './consumers.css'

const route = getRouteApi('/shell/gateway/consumers')
const typingMs = 250

/** Who may ask, and with which credentials. */
export const ConsumersPage = () => {
  usePageTitle('Consumers of the gateway')
  const { q = '' } = route.useSearch()
  const navigate = route.useNavigate()
  const [words] = useDebouncedValue(q, typingMs)
  const list = useInfiniteQuery(gatewayConsumersQuery(words))
  const mayWrite = usePermission('gateway:write')
  const [isCreating, setCreating] = useState(false)
  const rows = list.data?.pages.flatMap(({ items }) => items) ?? []
  const isSettled = list.data !== undefined && !list.isPlaceholderData
  const find = (text: string) =>
    void navigate({
      search: (old) => changedSearch(old, { q: text || undefined }),
      replace: true,
      resetScroll: false,
    })
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
      <div className="gw-filters" role="search" aria-label="Consumers">
        <TextInput
          type="search"
          size="sm"
          aria-label="Filter consumers by text"
          placeholder="Name, custom id, group"
          leftSection={<Icon name="search" />}
          value={q}
          onChange={({ currentTarget }) => find(currentTarget.value)}
        />
        {(rows.length > 0 || q !== '') && create}
      </div>
      <p className="sr-only" role="status">
        {isSettled && `${countOf(rows.length, 'consumer')} shown`}
      </p>
      {list.isError && <ErrorBox error={list.error} onRetry={() => void list.refetch()} />}
      <div className="card">
        {list.isPending && (
          <div className="card-body">
            <Loading rows={6} height={36} />
          </div>
        )}
        {rows.length > 0 && <ConsumersTable rows={rows} mayWrite={mayWrite} />}
        {list.hasNextPage && (
          <div className="more">
            <Button
              variant="subtle"
              size="sm"
              loading={list.isFetchingNextPage}
              onClick={() => void list.fetchNextPage()}
            >
              Show more
            </Button>
          </div>
        )}
        {isSettled && rows.length === 0 && q !== '' && (
          <Empty
            icon="search"
            title="No consumer matches"
            action={
              <Button variant="default" size="sm" onClick={() => find('')}>
                Clear the filter
              </Button>
            }
          >
            Other consumers are hidden by the filter.
          </Empty>
        )}
        {isSettled && rows.length === 0 && q === '' && (
          <Empty icon="lock" title="No consumer yet" action={create}>
            A consumer is who asks: an app, a partner, a device. Its keys are checked by
            authentication plugins of the routes.
          </Empty>
        )}
      </div>
      {isCreating && <CreateConsumer onClose={() => setCreating(false)} />}
    </>
  )
}
