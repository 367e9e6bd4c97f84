import { Button, TextInput } from '@mantine/core'
import { useEffect, useState, type ReactNode } from 'react'
import { ErrorBox, Loading } from '../ui/feedback.tsx'
import { Icon } from '../ui/icon.tsx'
import { saveText } from '../ui/save-text.ts'
import { stripAnsi } from './ansi.ts'
import { linesMax, type Line } from './log-buffer.ts'
import { createLogFilter } from './log-filter.ts'
import { LogList, type InstanceLabel } from './log-list.tsx'
import type { LogSnapshot, LogTail } from './log-tail.ts'
import './logs.css'

type LogViewProps = {
  tail: LogTail
  snapshot: LogSnapshot
  /** What is typed, and what of it is looked for by now. */
  text: string
  query: string
  onText: (text: string) => void
  /** What else narrows the lines down. */
  filters?: ReactNode
  labelOf: InstanceLabel | undefined
  fileName: string
}

/** A log as it grows, with a filter, a pause and a download. */
export const LogView = (props: LogViewProps) => {
  const { tail, snapshot, text, query, labelOf } = props
  const [wrap, setWrap] = useState(false)
  const [paused, setPaused] = useState(false)
  const [filter] = useState(createLogFilter)
  const shown = filter(snapshot.lines, query)
  useEffect(() => tail.setPaused(paused), [tail, paused])

  return (
    <section className="card logs" aria-label="Logs">
      <div className="logs-bar">
        <TextInput
          type="search"
          size="xs"
          aria-label="Filter lines by text"
          placeholder="Filter lines"
          leftSection={<Icon name="search" size={14} />}
          value={text}
          onChange={({ currentTarget }) => props.onText(currentTarget.value)}
        />
        {props.filters}
        <span className="muted num logs-count">
          {query !== '' && `${shown.length.toLocaleString('en')} of `}
          {snapshot.lines.length.toLocaleString('en')}{' '}
          {snapshot.lines.length === 1 ? 'line' : 'lines'}
          {snapshot.full && ' (the most this page keeps)'}
        </span>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name={paused ? 'play' : 'pause'} size={14} />}
          onClick={() => setPaused(!paused)}
        >
          {paused ? 'Follow' : 'Pause'}
        </Button>
        <Button
          size="xs"
          variant="default"
          aria-pressed={wrap}
          className="logs-wrap"
          leftSection={<Icon name="wrap" size={14} />}
          onClick={() => setWrap(!wrap)}
        >
          Wrap
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<Icon name="download" size={14} />}
          disabled={shown.length === 0}
          onClick={() => download(props.fileName, shown)}
        >
          Download
        </Button>
      </div>
      {snapshot.error !== null && (
        <ErrorBox error={snapshot.error} onRetry={() => void tail.closeGap()} />
      )}
      {snapshot.status === 'loading' ? (
        <div className="logs-list">
          <div className="card-body">
            <Loading rows={12} height={14} />
          </div>
        </div>
      ) : (
        <LogList
          lines={shown}
          wrap={wrap}
          paused={paused}
          waiting={snapshot.waiting}
          labelOf={labelOf}
          start={startOf(snapshot, query)}
          onPause={setPaused}
          onReachStart={() => void tail.readOlder()}
        />
      )}
    </section>
  )
}

/** What stands above the first line. */
const startOf = (
  {
    full,
    hasOlder,
    loadingOlder,
    lines,
  }: { full: boolean; hasOlder: boolean; loadingOlder: boolean; lines: readonly Line[] },
  query: string,
): string => {
  if (loadingOlder) return 'Reading older lines…'
  if (full) return `Older lines are left out beyond ${linesMax.toLocaleString('en')}`
  if (hasOlder) return 'Scroll up for older lines'
  if (lines.length === 0 && query !== '') return 'No line matches; new ones appear here.'
  if (lines.length === 0) return 'Nothing was written yet; new lines appear here.'
  return query === '' ? 'The log begins here' : ''
}

/** Saves what is shown, one line each: time, instance, text without colours. */
const download = (fileName: string, lines: readonly Line[]) => {
  const text = lines.map(({ at, instance, text }) => `${at} ${instance} ${stripAnsi(text)}\n`)
  saveText(fileName, 'text/plain', text)
}
