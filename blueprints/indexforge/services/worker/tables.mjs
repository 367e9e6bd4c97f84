// Rows of a spreadsheet or a CSV file, as objects named by the first row.
import { openZip } from './zip.mjs'

const rowsMax = 10_000

/** A file that cannot be read, however often it is tried. */
export class BadTable extends Error {}

/** @param {string} file its name says its kind @param {Buffer} bytes */
export const readTable = (file, bytes) => {
  try {
    const rows = file.endsWith('.xlsx') ? rowsOfWorkbook(bytes) : rowsOfCsv(bytes.toString('utf8'))
    return named(rows)
  } catch (cause) {
    throw cause instanceof BadTable
      ? cause
      : new BadTable(`the table cannot be read: ${cause.message}`, { cause })
  }
}

const named = ([head, ...rows]) => {
  if (head === undefined) throw new BadTable('the table is empty')
  if (rows.length > rowsMax) throw new BadTable(`the table has more than ${rowsMax} rows`)
  const names = head.map((name) => name.trim().toLowerCase())
  if (!names.includes('title') || !names.includes('text')) {
    throw new BadTable(
      `the first row names title and text; it is ${names.join(', ').slice(0, 200)}`,
    )
  }
  return rows
    .map((row) => Object.fromEntries(names.map((name, index) => [name, row[index] ?? ''])))
    .filter(({ title, text }) => title !== '' && text !== '')
}

/** ECMA-376: cells of the first sheet; texts stand in a list of their own. */
const rowsOfWorkbook = (bytes) => {
  const read = openZip(bytes)
  const sheet = read('xl/worksheets/sheet1.xml')
  if (sheet === undefined) throw new BadTable('the workbook has no first sheet')
  const shared = [...(read('xl/sharedStrings.xml') ?? '').matchAll(/<si>(.*?)<\/si>/gs)].map(
    ([, item]) => textOf(item),
  )
  return [...sheet.matchAll(/<row\b[^>]*?(?:\/>|>(.*?)<\/row>)/gs)].map(([, row = '']) => {
    const cells = []
    for (const [, attributes, content = ''] of row.matchAll(/<c\b([^>]*?)(?:\/>|>(.*?)<\/c>)/gs)) {
      const column = /\br="([A-Z]{1,3})\d+"/.exec(attributes)?.[1]
      const at = column === undefined ? cells.length : columnOf(column)
      const value = /<v>(.*?)<\/v>/s.exec(content)?.[1] ?? ''
      const isShared = /\bt="s"/.test(attributes)
      const isInline = /\bt="inlineStr"/.test(attributes)
      cells[at] = isShared
        ? (shared[Number(value)] ?? '')
        : isInline
          ? textOf(content)
          : unescaped(value)
    }
    return Array.from(cells, (cell) => cell ?? '')
  })
}

/** `A` is 0, `AA` is 26. */
const columnOf = (letters) =>
  [...letters].reduce((sum, letter) => sum * 26 + (letter.codePointAt(0) ?? 0) - 64, 0) - 1

const textOf = (xml) =>
  [...xml.matchAll(/<t\b[^>]*?(?:\/>|>(.*?)<\/t>)/gs)]
    .map(([, text = '']) => unescaped(text))
    .join('')

const entities = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

const unescaped = (text) =>
  text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(lt|gt|quot|apos|amp));/gi, (_, decimal, hex, name) =>
    name === undefined
      ? String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10))
      : entities[name.toLowerCase()],
  )

/** RFC 4180. */
const rowsOfCsv = (text) => {
  const rows = [['']]
  let isQuoted = false
  const plain = text.replace(/^\u{FEFF}/u, '').replaceAll('\r\n', '\n')
  for (let at = 0; at < plain.length; at += 1) {
    const row = rows.at(-1)
    const letter = plain[at]
    if (letter === '"' && isQuoted && plain[at + 1] === '"') {
      row[row.length - 1] += '"'
      at += 1
    } else if (letter === '"') isQuoted = !isQuoted
    else if (letter === ',' && !isQuoted) row.push('')
    else if (letter === '\n' && !isQuoted) rows.push([''])
    else row[row.length - 1] += letter
  }
  if (isQuoted) throw new BadTable('a quotation mark is not closed')
  return rows.filter((row) => row.some((cell) => cell !== ''))
}
