import { Button } from '@mantine/core'
import { useVirtualizer } from '@tanstack/react-virtual'
import { memo, useCallback, useLayoutEffect, useRef } from 'react'
import { formatAbsolute } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { parseAnsi, type AnsiPart } from './ansi.ts'
import type { Line } from './log-buffer.ts'

const rowHeight = 20
/** Characters drawn of one line; the download holds all of it. */
const charactersMax = 8000
/** How near to the end still counts as being there. */
const endThreshold = 24
/** How near to the start older lines are asked for. */
const startThreshold = 600

/** `tone` is a class of logs.css that tells the lines of services apart, beside the text. */
export type InstanceLabel = (instance: string) => { text: string; tone: string }

type LogListProps = {
  lines: readonly Line[]
  wrap: boolean
  paused: boolean
  waiting: number
  /** How the instance of a line is named; without it the lines are of one instance. */
  labelOf: InstanceLabel | undefined
  start: string
  onPause: (paused: boolean) => void
  onReachStart: () => void
}

/** Draws only the lines in view, however many there are; follows the end unless paused. */
export const LogList = (props: LogListProps) => {
  const { lines, wrap, paused, onPause, onReachStart } = props
  const frame = useRef<HTMLDivElement>(null)
  const lastTop = useRef(0)
  const getItemKey = useCallback((index: number) => lines[index]?.seq ?? index, [lines])
  // oxlint-disable-next-line react/incompatible-library -- the compiler is not used here, so nothing memoises what this returns
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => frame.current,
    estimateSize: () => rowHeight,
    getItemKey,
    overscan: 12,
    paddingStart: 28,
    paddingEnd: 8,
    anchorTo: 'end',
    followOnAppend: !paused,
    scrollEndThreshold: endThreshold,
  })

  // The first lines, and the return from a pause, go to the end; after that it is followed.
  const empty = lines.length === 0
  useLayoutEffect(() => {
    if (!paused && !empty) virtualizer.scrollToEnd({ behavior: 'auto' })
  }, [paused, empty, wrap, virtualizer])

  // Wrapped rows are as high as they turn out to be; unwrapped ones all the same.
  useLayoutEffect(() => {
    virtualizer.measure()
  }, [wrap, virtualizer])

  const onScroll = () => {
    const element = frame.current
    if (element === null) return
    const { scrollTop, scrollHeight, clientHeight } = element
    const goesUp = scrollTop < lastTop.current - 2
    lastTop.current = scrollTop
    if (goesUp && !paused && scrollHeight - scrollTop - clientHeight > endThreshold) onPause(true)
    if (goesUp && scrollTop < startThreshold) onReachStart()
  }

  return (
    <div className="logs-list">
      {/* Focusable, so that the arrow keys scroll it. */}
      <section
        ref={frame}
        className={wrap ? 'logs-frame wrapped' : 'logs-frame'}
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- WCAG 2.1.1: what scrolls must be reached by keyboard
        tabIndex={0}
        aria-label="Log lines"
        onScroll={onScroll}
      >
        <div className="logs-rows" style={{ height: virtualizer.getTotalSize() }}>
          <p className="logs-start muted">{props.start}</p>
          {virtualizer.getVirtualItems().map((item) => {
            const line = lines[item.index]
            if (line === undefined) return null
            return (
              <div
                key={item.key}
                ref={wrap ? virtualizer.measureElement : undefined}
                data-index={item.index}
                className="logs-place"
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row line={line} labelOf={props.labelOf} />
              </div>
            )
          })}
        </div>
      </section>
      {paused && (
        <Button
          size="xs"
          className="logs-newest"
          leftSection={<Icon name="down" size={14} />}
          onClick={() => onPause(false)}
        >
          {props.waiting > 0
            ? `${props.waiting.toLocaleString('en')} new, jump to the newest`
            : 'Jump to the newest'}
        </Button>
      )}
    </div>
  )
}

const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
})

const Row = memo(({ line, labelOf }: { line: Line; labelOf: InstanceLabel | undefined }) => (
  <div className={`logs-row from-${line.stream}`}>
    <time dateTime={line.at} title={formatAbsolute(line.at)}>
      {clock.format(new Date(line.at))}
    </time>
    {labelOf !== undefined && <InstanceName {...labelOf(line.instance)} />}
    <span className="logs-text">
      {line.stream === 'stderr' && <span className="sr-only">error output: </span>}
      {line.stream === 'keelson' && <span className="logs-own">Keelson</span>}
      {parseAnsi(line.text.slice(0, charactersMax)).map((part, index) => (
        // oxlint-disable-next-line react/no-array-index-key -- parts of one line never move within it
        <AnsiText key={index} part={part} />
      ))}
      {line.text.length > charactersMax && (
        <span className="dim"> … {line.text.length - charactersMax} more characters</span>
      )}
    </span>
  </div>
))
Row.displayName = 'Row'

const InstanceName = ({ text, tone }: { text: string; tone: string }) => (
  <span className={`logs-instance ${tone}`}>{text}</span>
)

const AnsiText = ({ part: { text, color, bold, dim, italic, underline } }: { part: AnsiPart }) => {
  const named = color?.startsWith('ansi-') === true
  const classes = [
    named && color,
    bold && 'bold',
    dim && 'dim',
    italic && 'italic',
    underline && 'underline',
  ]
  const className = classes.filter(Boolean).join(' ')
  if (className === '' && color === undefined) return text
  return (
    <span className={className} style={color !== undefined && !named ? { color } : undefined}>
      {text}
    </span>
  )
}
