import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { usePermission } from '../../stack/permissions.ts'
import { Empty, ErrorBox, Loading } from '../../ui/feedback.tsx'
import { countOf } from '../../ui/format.ts'
import { usePageTitle } from '../../ui/page-title.ts'
import { gatewayCachesQuery } from '../queries.ts'
import { CacheCard } from './cache-card.tsx'
import type { PurgeAsk } from './cache-text.ts'
import { PurgeDialog } from './purge-dialog.tsx'
import { PurgeForm } from './purge-form.tsx'
import { WarmForm } from './warm-form.tsx'
import './cache.css'

/** What is stored, how much that spares, and how to forget it. */
export const CachePage = () => {
  usePageTitle('Cache of the gateway')
  const caches = useQuery(gatewayCachesQuery)
  const mayWrite = usePermission('gateway:write')
  const [asked, setAsked] = useState<PurgeAsk | null>(null)
  const [removed, setRemoved] = useState<number | null>(null)
  const rows = caches.data ?? []
  return (
    <>
      {caches.isError && <ErrorBox error={caches.error} onRetry={() => void caches.refetch()} />}
      {caches.isPending && <Loading rows={2} height={220} />}
      {caches.data?.length === 0 && (
        <div className="card">
          <Empty
            icon="broom"
            title="Nothing is cached"
            action={
              <Button component={Link} to="/gateway/configuration" variant="default" size="sm">
                Configure by a Kong file
              </Button>
            }
          >
            A route with the plugin <code>http-cache</code> or <code>proxy-cache</code> keeps
            answers, and tells of them here.
          </Empty>
        </div>
      )}
      {mayWrite && rows.length > 0 && <PurgeForm caches={rows} onAsk={setAsked} />}
      <p className="gw-removed" role="status">
        {removed !== null && `${countOf(removed, 'answer')} forgotten.`}
      </p>
      {rows.map((row) => (
        <CacheCard key={row.plugin} row={row} onPurge={mayWrite ? setAsked : null} />
      ))}
      {mayWrite && rows.length > 0 && <WarmForm />}
      {asked !== null && (
        <PurgeDialog
          ask={asked}
          cache={rows.find(({ plugin }) => plugin === asked.plugin)}
          onDone={setRemoved}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  )
}
