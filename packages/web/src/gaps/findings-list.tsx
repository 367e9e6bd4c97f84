import type { GapFinding } from '@keelson/contract'
import { Button } from '@mantine/core'
import { useEffect, useMemo, useRef, useState } from 'react'
import { Empty } from '../ui/feedback.tsx'
import { countOf } from '../ui/format.ts'
import { FindingGroup } from './finding-group.tsx'
import { FindingFilters } from './finding-filters.tsx'
import { filterFindings, groupFindings } from './findings.ts'
import type { GapsSearch, GapsSearchChange } from './gaps-search.ts'
import { useNews } from './use-news.ts'
import './findings.css'

type FindingsListProps = {
  stack: string
  findings: readonly GapFinding[]
  search: GapsSearch
  mayWrite: boolean
  onChange: (change: GapsSearchChange) => void
}

/** What was found, by what to do next. What is unfolded stays so while findings come and go. */
export const FindingsList = (props: FindingsListProps) => {
  const { stack, findings, search, mayWrite, onChange } = props
  const news = useNews(findings)
  const shown = useMemo(() => filterFindings(findings, search), [findings, search])
  const groups = useMemo(() => groupFindings(shown), [shown])
  const [open, setOpen] = useState<ReadonlySet<string>>(() => firstOf(groups))
  const toggle = (fingerprint: string) =>
    setOpen((before) => {
      const next = new Set(before)
      if (!next.delete(fingerprint)) next.add(fingerprint)
      return next
    })
  const place = useKeptPlace()
  const clear = () => onChange({ q: undefined, family: undefined, service: undefined })
  return (
    <div className="stack findings-list" data-findings={shown.length} {...place}>
      <FindingFilters findings={findings} search={search} onChange={onChange} />
      <p className="sr-only" role="status">
        {countOf(shown.length, 'finding')} shown
        {news.size > 0 && `, ${news.size} new: ${newsOf(findings, news)}`}
      </p>
      {shown.length === 0 && (
        <div className="card">
          {findings.length === 0 ? (
            <Empty icon="healthy" title="No gaps">
              What is claimed, declared, built and running agrees.
            </Empty>
          ) : (
            <Empty
              icon="search"
              title="No finding matches"
              action={
                <Button variant="default" size="sm" onClick={clear}>
                  Clear the filters
                </Button>
              }
            >
              {countOf(findings.length, 'finding')} hidden by the filters.
            </Empty>
          )}
        </div>
      )}
      {groups.map(({ group, findings }) => (
        <FindingGroup
          key={group}
          {...{ stack, group, findings, news, open, mayWrite }}
          onToggle={toggle}
          onService={(service) => onChange({ service })}
        />
      ))}
    </div>
  )
}

/**
 * Who works by keyboard goes on with the finding that followed when what has focus is gone, and does
 * not start from the top.
 */
const useKeptPlace = () => {
  const list = useRef<HTMLDivElement>(null)
  const focused = useRef<Element | null>(null)
  const after = useRef<readonly Element[]>([])
  useEffect(() => {
    const isGone = focused.current?.isConnected === false
    if (!isGone || document.activeElement !== document.body) return
    const next = after.current.find(({ isConnected }) => isConnected)
    const head = next?.querySelector<HTMLElement>('.finding-head') ?? list.current
    head?.focus({ preventScroll: next === undefined })
  })
  const onFocus = ({ target }: { target: Element }) => {
    focused.current = target
    const finding = target.closest('.finding')
    // A dialog is elsewhere in the document, and of the finding from which it was opened.
    if (finding !== null && list.current !== null) after.current = nearest(finding, list.current)
  }
  return { ref: list, tabIndex: -1, onFocus }
}

/** The findings that follow, and then those before it, the nearest first. */
const nearest = (finding: Element, list: Element): readonly Element[] => {
  const all = [...list.querySelectorAll('.finding')]
  const at = all.indexOf(finding)
  return [...all.slice(at + 1), ...all.slice(0, Math.max(at, 0)).reverse()]
}

/** The first thing to do is unfolded, so that it is seen what there is to see. */
const firstOf = (groups: ReturnType<typeof groupFindings>): ReadonlySet<string> => {
  const [first] = groups[0]?.findings ?? []
  return new Set(first === undefined ? [] : [first.fingerprint])
}

const newsOf = (findings: readonly GapFinding[], news: ReadonlySet<string>): string =>
  findings.find(({ fingerprint }) => news.has(fingerprint))?.message ?? ''
