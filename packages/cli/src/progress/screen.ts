import { widthOf } from '../text.ts'

const escape = '\u001B['
const hideCursor = `${escape}?25l`
const showCursor = `${escape}?25h`
const clearBelow = `${escape}J`

/** The part of a terminal stream that is needed; a test brings its own. */
export type Terminal = { write: (text: string) => unknown; columns?: number; rows?: number }

/**
 * A block of lines at the end of the terminal that is replaced in place. It writes only when the
 * block is another one than before, and all of it in one write, so that nothing flickers and a
 * screen that stands still costs nothing.
 */
export const createScreen = (terminal: Terminal) => {
  let drawn: readonly string[] = []
  const columns = () => terminal.columns ?? 80

  // A terminal that became narrower has wrapped what was drawn: it takes more rows now.
  const rowsDrawn = () =>
    drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns())), 0)
  const back = () => {
    const up = rowsDrawn()
    return up === 0 ? '' : `${escape}${up}A\r${clearBelow}`
  }
  const block = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

  return {
    columns,
    rows: () => terminal.rows ?? 24,
    draw: (lines: readonly string[]) => {
      if (lines.length === drawn.length && lines.every((line, at) => line === drawn[at])) return
      const opening = drawn.length === 0 ? hideCursor : ''
      terminal.write(`${opening}${back()}${block(lines)}`)
      drawn = lines
    },
    /** Prints above the block, which stays the last thing on the screen. */
    print: (text: string) => {
      terminal.write(`${back()}${text}\n${block(drawn)}`)
    },
    /** Leaves the block as it is, or takes it away, and gives the cursor back. */
    close: ({ keep }: { keep: boolean }) => {
      if (drawn.length === 0) return
      terminal.write(`${keep ? '' : back()}${showCursor}`)
      drawn = []
    },
  }
}

export type Screen = ReturnType<typeof createScreen>
