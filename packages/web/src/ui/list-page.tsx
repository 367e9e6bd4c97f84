import { Button } from '@mantine/core'
import type { ReactNode } from 'react'
import { ProblemError } from '@keelson/sdk'
import { Empty, ErrorBox, Loading } from './feedback.tsx'
import { countOf } from './format.ts'
import type { IconName } from './icon.tsx'
import type { List } from './list.ts'
import { SearchBox, type SearchBoxProps } from './search-box.tsx'
import './list-bar.css'

/** Why only some of the rows are shown. */
export type ListFilter = {
  isOn: boolean
  clear: () => void
  clearLabel?: string
  /** Whose rows are looked for: the platform answers 404 where there is nobody of this name. */
  of?: string | undefined
}

type ListPageProps<Row> = {
  list: List<Row>
  /** What a row is, as `service account`. */
  noun: string
  /** What there is to say, and the one thing to do, where there is no row at all. */
  none: { icon: IconName; title: string; text: ReactNode; action?: ReactNode }
  /** Above the rows: what is looked for, other filters, and what can be made. */
  bar?: { label: string; search?: SearchBoxProps; filters?: ReactNode; action?: ReactNode }
  filter?: ListFilter
  /** Of the placeholder. */
  loading?: { rows: number; height: number }
  moreLabel?: string
  /** Each row is a card of its own, so no card stands around them. */
  asCards?: boolean
  children: (rows: readonly Row[]) => ReactNode
}

/** Rows with what looks for them, their count, the way to more, and what is said where there are none. */
export const ListPage = <Row,>(props: ListPageProps<Row>) => {
  const { list, noun, none, bar, filter, loading, moreLabel = 'Show more' } = props
  const { asCards = false, children } = props
  const isFiltered = filter?.isOn === true
  const isNobody =
    filter?.of !== undefined &&
    list.error instanceof ProblemError &&
    list.error.problem.status === 404
  const rows = isNobody ? [] : list.rows
  const isNone = isNobody || (list.isSettled && rows.length === 0)
  const placeholder = list.isPending && <Loading {...(loading ?? { rows: 5, height: 36 })} />
  const more = list.more !== null && !isNobody && <More label={moreLabel} more={list.more} />
  const empty = isFiltered ? (
    <NoMatch noun={noun} filter={filter} isNobody={isNobody} />
  ) : (
    <Empty icon={none.icon} title={none.title} action={none.action}>
      {none.text}
    </Empty>
  )
  return (
    <>
      {bar !== undefined && (isFiltered || !isNone) && (
        <div className="list-bar" role="search" aria-label={bar.label}>
          {bar.search !== undefined && <SearchBox {...bar.search} />}
          {bar.filters}
          {bar.action}
        </div>
      )}
      <p className="sr-only" role="status">
        {list.isSettled &&
          `${countOf(rows.length, noun)} shown${list.more === null ? '' : ', more follow'}`}
      </p>
      {list.error !== null && !isNobody && <ErrorBox error={list.error} onRetry={list.retry} />}
      {asCards && (
        <>
          {placeholder}
          {rows.length > 0 && children(rows)}
        </>
      )}
      {(!asCards || isNone) && (
        <div className="card">
          {!asCards && placeholder !== false && <div className="card-body">{placeholder}</div>}
          {!asCards && rows.length > 0 && children(rows)}
          {isNone && empty}
          {!asCards && more}
        </div>
      )}
      {asCards && more}
    </>
  )
}

type NoMatchProps = { noun: string; filter: ListFilter; isNobody: boolean }

const NoMatch = ({ noun, filter, isNobody }: NoMatchProps) => {
  const { clear, clearLabel = 'Clear the filter', of = 'such name' } = filter
  return (
    <Empty
      icon="search"
      title={isNobody ? `There is no ${of}` : `No ${noun} matches`}
      action={
        <Button variant="default" size="sm" onClick={clear}>
          {clearLabel}
        </Button>
      }
    >
      Other {noun}s are hidden by the filter.
    </Empty>
  )
}

const More = ({ label, more }: { label: string; more: NonNullable<List<unknown>['more']> }) => (
  <div className="more">
    <Button variant="subtle" size="sm" loading={more.isReading} onClick={more.read}>
      {label}
    </Button>
  </div>
)
