import type { LogLine, LogPage } from '@keelson/contract'

type Query = { before?: string; after?: string; limit: number }
type Read = (query: Query) => Promise<LogPage>

/** Answers of a search in a row; the platform looks at a bounded part of the log in each. */
const answersMax = 30

/**
 * Reads the newer lines of a search to the end. An answer can hold nothing and still be further on:
 * where it got to is remembered, so that the next time does not look at the same lines again.
 */
export const createStackLogReader = (read: Read): Read => {
  let known: { line: string; readTo: string } | undefined

  const remember = (items: readonly LogLine[], fallback: string | undefined, to: string | null) => {
    const line = items.at(-1)?.cursor ?? fallback
    known = line === undefined || to === null ? undefined : { line, readTo: to }
  }

  return async (query) => {
    const { after, ...rest } = query
    if (after === undefined) {
      const page = await read(query)
      if (query.before === undefined) remember(page.items, undefined, page.nextCursor)
      return page
    }
    const items: LogLine[] = []
    let from = known?.line === after ? known.readTo : after
    let previousCursor: string | null = null
    for (let answers = 0; answers < answersMax && items.length < query.limit; answers += 1) {
      const page = await read({ ...rest, after: from })
      previousCursor ??= page.previousCursor
      items.push(...page.items)
      if (page.nextCursor === null || page.nextCursor === from) break
      from = page.nextCursor
    }
    remember(items, after, from)
    return { items, previousCursor, nextCursor: from }
  }
}
