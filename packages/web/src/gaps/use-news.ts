import type { GapFinding } from '@keelson/contract'
import { useEffect, useRef, useState } from 'react'

/** So long a finding that was not there before is marked. */
const markedMs = 8000

const nothing: ReadonlySet<string> = new Set()

/** Fingerprints that came while the page was open; what it began with is no news. */
export const useNews = (findings: readonly GapFinding[]): ReadonlySet<string> => {
  const [news, setNews] = useState(nothing)
  const known = useRef<ReadonlySet<string> | null>(null)
  useEffect(() => {
    const now = new Set(findings.map(({ fingerprint }) => fingerprint))
    const came = known.current === null ? nothing : now.difference(known.current)
    known.current = now
    if (came.size > 0) setNews(came)
  }, [findings])
  useEffect(() => {
    if (news.size === 0) return undefined
    const timer = setTimeout(() => setNews(nothing), markedMs)
    return () => clearTimeout(timer)
  }, [news])
  return news
}
