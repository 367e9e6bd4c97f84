import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createScreen } from './screen.ts'

/** Enough of a terminal to see what stays on it: lines, cursor up, clear below. */
const createTerminal = (columns = 80) => {
  let lines: string[] = ['']
  let row = 0
  const writes: string[] = []
  const terminal = {
    columns,
    rows: 24,
    writes,
    write: (text: string) => {
      writes.push(text)
      // oxlint-disable-next-line no-control-regex -- it reads what a terminal reads
      const parts = text.matchAll(/\u001B\[(\d*)([A-Z])|\u001B\[\?25[lh]|\n|\r|[^\u001B\n\r]+/g)
      for (const [part, number = '', kind] of parts) {
        if (kind === 'A') row -= Number(number)
        else if (kind === 'J') lines = [...lines.slice(0, row), '']
        else if (part === '\n') {
          row += 1
          lines[row] ??= ''
        } else if (!part.startsWith('\u001B') && part !== '\r') lines[row] = part
      }
    },
  }
  return { terminal, text: () => lines.join('\n') }
}

test('a block is replaced in place, and nothing is written when it is the same', () => {
  const { terminal, text } = createTerminal()
  const screen = createScreen(terminal)
  screen.draw(['one', 'two', 'three'])
  screen.draw(['uno', 'due'])
  assert.equal(text(), 'uno\ndue\n')
  const before = terminal.writes.length
  screen.draw(['uno', 'due'])
  assert.equal(terminal.writes.length, before)
})

test('lines printed above stay, the block stays last', () => {
  const { terminal, text } = createTerminal()
  const screen = createScreen(terminal)
  screen.draw(['row'])
  screen.print('payments died')
  screen.print('payments is back')
  assert.equal(text(), 'payments died\npayments is back\nrow\n')
  screen.close({ keep: true })
  assert.equal(text(), 'payments died\npayments is back\nrow\n')
  assert.ok(terminal.writes.at(-1)?.includes('\u001B[?25h'))
})

test('a block that was wrapped by a narrower terminal is cleared as a whole', () => {
  const { terminal } = createTerminal(80)
  const screen = createScreen(terminal)
  screen.draw(['x'.repeat(60)])
  terminal.columns = 30
  screen.draw(['short'])
  assert.ok(terminal.writes.at(-1)?.includes('\u001B[2A'))
})

test('a block that is taken away leaves nothing', () => {
  const { terminal, text } = createTerminal()
  const screen = createScreen(terminal)
  screen.draw(['Starting Keelson'])
  screen.close({ keep: false })
  assert.equal(text(), '')
})
