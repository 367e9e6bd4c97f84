import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseAnsi, stripAnsi, type AnsiPart } from './ansi.ts'

const esc = '\u001B'

const cases: { what: string; text: string; parts: AnsiPart[] }[] = [
  { what: 'plain text', text: 'ready', parts: [{ text: 'ready' }] },
  {
    what: 'a colour and its end',
    text: `${esc}[31mno${esc}[0m yes`,
    parts: [{ text: 'no', color: 'ansi-red' }, { text: ' yes' }],
  },
  {
    what: 'several attributes at once',
    text: `${esc}[1;4;92mok`,
    parts: [{ text: 'ok', bold: true, underline: true, color: 'ansi-green' }],
  },
  {
    what: 'bold that ends while the colour stays',
    text: `${esc}[1;34ma${esc}[22mb${esc}[39mc`,
    parts: [
      { text: 'a', bold: true, color: 'ansi-blue' },
      { text: 'b', color: 'ansi-blue' },
      { text: 'c' },
    ],
  },
  {
    what: 'a colour of the cube of 256',
    text: `${esc}[38;5;196mx`,
    parts: [{ text: 'x', color: 'rgb(255, 0, 0)' }],
  },
  {
    what: 'a true colour, and a background that is left out',
    text: `${esc}[48;2;1;2;3;38;2;10;20;300mx`,
    parts: [{ text: 'x', color: 'rgb(10, 20, 255)' }],
  },
  { what: 'an empty reset', text: `${esc}[31m${esc}[mx`, parts: [{ text: 'x' }] },
  {
    what: 'cursor movements and titles, left out',
    text: `${esc}[2K${esc}]0;title\u0007done\r`,
    parts: [{ text: 'done' }],
  },
]

for (const { what, text, parts } of cases) {
  test(`reads ${what}`, () => {
    assert.deepEqual(parseAnsi(text), parts)
    assert.equal(stripAnsi(text).replace('\r', ''), parts.map((part) => part.text).join(''))
  })
}
