import type { KeyboardEvent } from 'react'
import { fitted, told, type FlowLayout, type FlowMark, type FlowRow } from './flow-layout.ts'
import { useRoving } from './use-roving.ts'

type FlowChartProps = {
  layout: FlowLayout
  chosen: string | undefined
  onChoose: (service: string) => void
}

/** A line for each service, ending where it drops out, with its name and the reason there. */
export const FlowChart = ({ layout, chosen, onChoose }: FlowChartProps) => {
  const { rows, width, height } = layout
  const { pointed, propsOf } = useRoving(rows.length)
  return (
    <>
      <svg
        className="flow-chart"
        width={width}
        height={height}
        role="group"
        aria-label="Services from claimed to running; arrow keys go from one to the next"
      >
        <Columns layout={layout} />
        {rows.map((row, index) => {
          const { onKeyDown, ...roving } = propsOf(index)
          const choose = () => row.service !== null && onChoose(row.service)
          return (
            <g
              key={row.key}
              {...roving}
              role={row.service === null ? 'img' : 'button'}
              className="flow-row"
              aria-label={`${row.sentence}${row.place === '' ? '' : `, ${row.place}`}`}
              aria-pressed={row.service === null ? undefined : row.service === chosen}
              data-service={row.service ?? undefined}
              data-pointed={index === pointed || undefined}
              onClick={choose}
              onKeyDown={(event: KeyboardEvent) => {
                if (event.key !== 'Enter' && event.key !== ' ') return onKeyDown(event)
                event.preventDefault()
                return choose()
              }}
            >
              <Row row={row} layout={layout} />
            </g>
          )
        })}
      </svg>
      <Caption row={pointed === null ? undefined : rows[pointed]} chosen={chosen} />
    </>
  )
}

const Columns = ({ layout: { columns, captions, height } }: { layout: FlowLayout }) => (
  <g aria-hidden="true">
    {columns.map(({ name, count, x }) => (
      <g key={name} textAnchor="middle">
        <text className="flow-count" x={x} y={22}>
          {count ?? '–'}
        </text>
        <text className="flow-column" x={x} y={40}>
          {name}
        </text>
        <line className="flow-guide" x1={x} x2={x} y1={50} y2={height} />
      </g>
    ))}
    {captions.map(({ text, y }) => (
      <text key={text} className="flow-caption-text" x={8} y={y + 18}>
        {text}
      </text>
    ))}
  </g>
)

const Row = ({ row, layout }: { row: FlowRow; layout: FlowLayout }) => {
  const { y, height, marks, count, isNamed } = row
  const { columns, width, isNarrow } = layout
  const middle = isNarrow && isNamed ? y + 26 : y + height / 2
  const xOf = (at: number) => columns[at]?.x ?? 0
  const first = marks.findIndex((mark) => mark !== 'none')
  const last = marks.findLastIndex((mark) => mark !== 'none')
  return (
    <>
      <rect
        className="flow-hit"
        x={2}
        y={y}
        width={Math.max(0, width - 4)}
        height={height}
        rx={5}
      />
      {marks.slice(first, last).map((mark, index) => (
        <line
          key={first + index}
          className={lineClass(mark, marks[first + index + 1])}
          x1={xOf(first + index)}
          x2={xOf(first + index + 1)}
          y1={middle}
          y2={middle}
          strokeWidth={Math.min(8, 1.5 + (count - 1) * 0.5)}
        />
      ))}
      {marks.map((mark, at) => (
        // The columns never change places.
        // oxlint-disable-next-line react/no-array-index-key -- a mark is its column
        <Mark key={at} mark={mark} x={xOf(at)} y={middle} isLast={at === 3} />
      ))}
      {isNamed && <Names row={row} layout={layout} middle={middle} />}
    </>
  )
}

const lineClass = (from: FlowMark, to: FlowMark | undefined): string => {
  if (to === 'missing') return 'flow-line is-dropping'
  const isFaint = [from, to].some((mark) => mark === 'unknown' || mark === 'off')
  return isFaint ? 'flow-line is-unknown' : 'flow-line'
}

type MarkProps = { mark: FlowMark; x: number; y: number; isLast: boolean }

const Mark = ({ mark, x, y, isLast }: MarkProps) => {
  if (mark === 'none') return null
  if (mark === 'missing') {
    return (
      <g className="flow-missing">
        <circle cx={x} cy={y} r={8} />
        <path d={`M${x - 3} ${y - 3}l6 6M${x + 3} ${y - 3}l-6 6`} />
      </g>
    )
  }
  return (
    <circle className={`flow-mark is-${mark}${isLast ? ' is-last' : ''}`} cx={x} cy={y} r={4} />
  )
}

type NamesProps = { row: FlowRow; layout: FlowLayout; middle: number }

const nameAt = 8
const reasonApart = 16

/** Beside the line where there is room; on a narrow screen above it. */
const Names = ({ row, layout, middle }: NamesProps) => {
  const { isNarrow, isRoomy, columns, width } = layout
  const { name, fault, dropsAt, y } = row
  if (isNarrow) {
    return (
      <text className={nameClass(row)} x={nameAt} y={y + 13}>
        {fitted(told(name, fault), width - nameAt * 2)}
      </text>
    )
  }
  const x = (columns[dropsAt ?? 3]?.x ?? 0) + reasonApart
  const isAside = isRoomy && dropsAt !== null
  return (
    <>
      {isRoomy && (
        <text className={nameClass(row)} x={nameAt} y={middle + 4}>
          {fitted(name, (columns[0]?.x ?? 0) - nameAt * 3)}
        </text>
      )}{' '}
      {(isAside || !isRoomy) && (
        <text className="flow-fault" x={x} y={middle + 4}>
          {fitted(isRoomy ? fault : told(name, fault), width - x)}
        </text>
      )}
    </>
  )
}

const nameClass = ({ dropsAt }: FlowRow): string =>
  dropsAt === null ? 'flow-name' : 'flow-name is-dropping'

type CaptionProps = { row: FlowRow | undefined; chosen: string | undefined }

const Caption = ({ row, chosen }: CaptionProps) => (
  <p className="flow-caption break" aria-hidden="true">
    {row === undefined ? (
      <span className="muted">
        {chosen === undefined
          ? 'Point at a line, or reach it by keyboard, to read why; press it for its findings'
          : `Only findings of ${chosen} are shown below; press its line again for all`}
      </span>
    ) : (
      <>
        {row.sentence} {row.place !== '' && <code className="muted">{row.place}</code>}
      </>
    )}
  </p>
)
