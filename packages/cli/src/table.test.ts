import assert from 'node:assert/strict'
import { test } from 'node:test'
import picocolors from 'picocolors'
import { formatTable } from './table.ts'

type Row = { name: string; reason: string; n: number }
const rows: Row[] = [
  { name: 'web', reason: 'GET /health answered 503', n: 1 },
  { name: '日本', reason: '', n: 12 },
]
const colors = picocolors.createColors(false)
const format = (width: number) =>
  formatTable(
    rows,
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'REASON', value: ({ reason }) => reason, gives: true },
      { title: 'N', value: ({ n }) => String(n) },
    ],
    { width, colors },
  )

test('columns line up, by cells and not by letters', () => {
  assert.equal(
    format(Infinity),
    `NAME  REASON                    N
web   GET /health answered 503  1
日本                            12`,
  )
})

test('the column that gives way is cut, the others are whole', () => {
  assert.equal(
    format(26),
    `NAME  REASON            N
web   GET /health ans…  1
日本                    12`,
  )
})

test('paint is applied after the width is known', () => {
  const painted = formatTable(
    rows,
    [{ title: 'A', value: ({ name }) => name, paint: (t) => `<${t}>` }],
    {
      width: 80,
      colors,
    },
  )
  assert.equal(painted, 'A\n<web>\n<日本>')
})

test('a cell of megabytes takes no more than the terminal is wide', () => {
  const columns = [{ title: 'A', value: (text: string) => text, gives: true }]
  const style = { width: 20, colors }
  assert.equal(formatTable(['é'.repeat(20_000_000)], columns, style), `A\n${'é'.repeat(19)}…`)
})
