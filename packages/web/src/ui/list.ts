import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'

/** What a page of a list knows, whether all of it is read at once or a page at a time. */
export type List<Row> = {
  rows: readonly Row[]
  /** Nothing is read yet. */
  isPending: boolean
  /** The rows are those that are asked for, not yet those of the question before. */
  isSettled: boolean
  error: Error | null
  retry: () => void
  /** Null: there is no next page. */
  more: { isReading: boolean; read: () => void } | null
}

/** Of what is read at once. */
export const listOf = <Row>(query: UseQueryResult<readonly Row[]>): List<Row> => ({
  rows: query.data ?? [],
  isPending: query.isPending,
  isSettled: query.data !== undefined,
  error: query.error,
  retry: () => void query.refetch(),
  more: null,
})

/** Of what is read by cursors. */
export const pagedListOf = <Row>(
  query: UseInfiniteQueryResult<InfiniteData<{ items: Row[] }>>,
): List<Row> => ({
  rows: query.data?.pages.flatMap(({ items }) => items) ?? [],
  isPending: query.isPending,
  isSettled: query.data !== undefined && !query.isPlaceholderData,
  error: query.error,
  retry: () => void query.refetch(),
  more: query.hasNextPage
    ? { isReading: query.isFetchingNextPage, read: () => void query.fetchNextPage() }
    : null,
})

/** The rows of a name, whatever the case; of a list that is read at once. */
export const named = <Row extends { name: string }>(list: List<Row>, words: string): List<Row> => {
  const wanted = words.trim().toLowerCase()
  return { ...list, rows: list.rows.filter(({ name }) => name.toLowerCase().includes(wanted)) }
}
