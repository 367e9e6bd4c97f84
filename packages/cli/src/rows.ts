import type { Context } from './context.ts'
import { exitCodes } from './exit-code.ts'
import { formatTable, tableWidth, type Column } from './table.ts'

/** Rows as a table, or as JSON for programs; `none` is said when there is none. */
export const tellRows = <Row>(
  { output, shared }: Context,
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  none: string,
): number => {
  if (shared.json) output.data(JSON.stringify(rows, null, 2))
  else if (rows.length === 0) output.message(none)
  else {
    const look = { width: tableWidth(output.stdout), colors: output.dataColors }
    output.data(formatTable(rows, columns, look))
  }
  return exitCodes.ok
}

/** What became of one thing: a sentence, or the thing itself for programs. */
export const tellOne = ({ output, shared }: Context, thing: object, sentence: string): number => {
  if (shared.json) output.data(JSON.stringify(thing, null, 2))
  else output.message(sentence)
  return exitCodes.ok
}
