import { Button } from '@mantine/core'
import { useInfiniteQuery } from '@tanstack/react-query'
import { serviceTimelineQuery } from '../api/queries.ts'
import { Card } from '../ui/card.tsx'
import { ErrorBox, Loading, Quiet } from '../ui/feedback.tsx'
import { TimelineList } from '../ui/timeline-list.tsx'

/** Pages kept on screen; older history is for the API and the CLI. */
const pagesMax = 40

export const ServiceTimeline = ({ id }: { id: string }) => {
  const timeline = useInfiniteQuery(serviceTimelineQuery(id))
  const entries = timeline.data?.pages.flatMap(({ items }) => items) ?? []
  const mayHaveMore = timeline.hasNextPage && (timeline.data?.pages.length ?? 0) < pagesMax
  return (
    <Card title="Timeline" flush>
      {timeline.isPending && (
        <div className="card-body">
          <Loading rows={8} height={32} />
        </div>
      )}
      {timeline.isError && (
        <ErrorBox error={timeline.error} onRetry={() => void timeline.refetch()} />
      )}
      {timeline.isSuccess && entries.length === 0 && <Quiet>Nothing has happened yet.</Quiet>}
      <TimelineList entries={entries} />
      {mayHaveMore && (
        <div className="card-body more">
          <Button
            variant="default"
            size="xs"
            loading={timeline.isFetchingNextPage}
            onClick={() => void timeline.fetchNextPage()}
          >
            Load older
          </Button>
        </div>
      )}
    </Card>
  )
}
