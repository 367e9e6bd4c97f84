import type { Colors } from './output.ts'
import { clip, cutTo, oneLine, pad, widthOf } from './text.ts'

export type Column<Row> = {
  title: string
  value: (row: Row) => string
  /** Applied after clipping and padding, so that it may add escape sequences. */
  paint?: (text: string, row: Row) => string
  /** The one column that gives way when the terminal is too narrow. */
  gives?: boolean
}

const gap = 2
const givingWidthMin = 12

/**
 * Aligned columns, titles first. `width` is the terminal's, or Infinity when the reader is a
 * program: then nothing is cut.
 */
export const formatTable = <Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, colors }: { width: number; colors: Colors },
): string => {
  // Wider than the terminal is wide enough to be measured.
  const cells = rows.map((row) => columns.map((column) => oneLine(cutTo(column.value(row), width))))
  const widths = columns.map((column, at) =>
    cells.reduce((most, line) => Math.max(most, widthOf(line[at] ?? '')), widthOf(column.title)),
  )
  const giving = columns.findIndex((column) => column.gives === true)
  if (giving !== -1 && width !== Infinity) {
    const total = widths.reduce((sum, w) => sum + w + gap, -gap)
    const own = widths[giving] ?? 0
    widths[giving] = Math.max(Math.min(own, givingWidthMin), own - Math.max(0, total - width))
  }
  const last = columns.length - 1
  const fit = (text: string, at: number) => {
    const clipped = clip(text, widths[at] ?? 0)
    return at === last ? clipped : pad(clipped, (widths[at] ?? 0) + gap)
  }
  const head = columns.map((column, at) => colors.dim(fit(column.title, at))).join('')
  const body = rows.map((row, line) =>
    columns
      .map((column, at) => {
        const text = fit(cells[line]?.[at] ?? '', at)
        return column.paint === undefined ? text : column.paint(text, row)
      })
      .join(''),
  )
  return [head, ...body].map((line) => line.trimEnd()).join('\n')
}

export const tableWidth = (stream: { isTTY?: boolean; columns?: number }): number =>
  stream.isTTY === true ? (stream.columns ?? 80) : Infinity
