import type { Token } from 'markdown-it'
import type { Place } from '../place.ts'
import type { Claim } from '../systems/system.ts'
import type { Inline } from './markdown-inline.ts'

const ofServices =
  /\b(?:micro-?services?|services|components|containers|architecture|stack|modules|what'?s (?:inside|included|running))\b/i
const introducesServices = /\b(?:services|containers|components)\b[^.]{0,40}:\s*$/i
const ofOthers =
  /\b(?:technolog\w*|languages|frameworks|libraries|tools|features|requirements|prerequisites)\b[^.]{0,40}:?\s*$/i
const serviceColumn =
  /^(?:(?:micro-?)?services?|components?|containers?|applications?|apps?|names?|services? names?|modules?)$/i
const portColumn = /\bports?\b/i

type Table = { at: Place; header: string[]; row: Inline[]; isHeader: boolean }
type List = { at: Place | undefined; isNamed: boolean; itemIsFresh: boolean }

/**
 * Follows lists and tables through the tokens of a document. What is named in one that may be
 * about services becomes a claim; whether it is, only the services can tell.
 */
export const createListReader = () => {
  let table: Table | undefined
  const lists: List[] = []
  let introduction = ''
  const see = (token: Token, inline: Inline | undefined, section: string): Claim[] => {
    const { type } = token
    const heading = section.split(' > ').at(-1) ?? ''
    if (type === 'table_open') table = undefined
    if (type === 'tr_open') {
      table =
        table === undefined
          ? { at: { file: '', line: 0, column: 0 }, header: [], row: [], isHeader: true }
          : { ...table, row: [], isHeader: false }
    }
    if (type === 'tr_close' && table !== undefined) return closeRow(table)
    if (type === 'table_close') table = undefined
    if (type === 'bullet_list_open' || type === 'ordered_list_open') {
      // The title of a document names the product: "Sample Microservice Application".
      const isNamed =
        !ofOthers.test(introduction) &&
        ((section.includes(' > ') && ofServices.test(heading)) ||
          introducesServices.test(introduction))
      lists.push({ at: undefined, isNamed: isNamed && lists.length === 0, itemIsFresh: false })
    }
    if (type === 'bullet_list_close' || type === 'ordered_list_close') lists.pop()
    const list = lists.at(-1)
    if (type === 'list_item_open' && list !== undefined) list.itemIsFresh = true
    if (inline === undefined) return []
    if (table !== undefined) {
      table.row.push(inline)
      return []
    }
    if (list === undefined) introduction = inline.text.slice(-200)
    if (list === undefined || !list.isNamed || !list.itemIsFresh) return []
    list.itemIsFresh = false
    list.at ??= inline.placeAt(0)
    return readItem(inline, list.at)
  }
  return { see }
}

const closeRow = (table: Table): Claim[] => {
  const { row, header, isHeader } = table
  const [first] = row
  if (isHeader) {
    table.header = row.map(({ text }) => text.trim())
    if (first !== undefined) table.at = first.placeAt(0)
    return []
  }
  const column = header.findIndex((text) => serviceColumn.test(text))
  const cell = row[column]
  if (column > 1 || cell === undefined) return []
  const name = nameIn(cell)
  if (name === undefined) return []
  const claims: Claim[] = [{ ...cell.placeAt(0), kind: 'service', ...name, list: table.at }]
  const ports = row[header.findIndex((text) => portColumn.test(text))]
  for (const match of ports?.text.slice(0, 200).matchAll(/\b\d{2,5}\b/g) ?? []) {
    const port = Number(match[0])
    if (ports === undefined || port > 65_535) continue
    claims.push({
      ...ports.placeAt(match.index),
      ...{ kind: 'port', text: `${name.text}: ${match[0]}`, port, service: name.name },
    })
  }
  return claims
}

/** The name an item begins with: in code, a link or strong words, or up to a dash or colon. */
const nameIn = ({
  pieces,
  text,
}: Inline): { text: string; name: string; isCode: boolean } | undefined => {
  const first = pieces.find((piece) => piece.text.trim() !== '')
  if (first === undefined) return undefined
  const isCode = pieces.some((piece) => piece.kind === 'code' && piece.start === first.start)
  const marked = isCode || first.kind === 'link' || first.isStrong
  const words = marked ? first.text : (/^(.{1,60}?)(?: [-–—] |: | \(|$)/.exec(text)?.[1] ?? '')
  const name = words.replace(/[:*]+$/, '').trim()
  return /^[\w][\w .&/+-]{1,50}$/.test(name) && name.split(/\s+/).length <= 4
    ? { text: text.slice(0, 80), name, isCode }
    : undefined
}

const readItem = (inline: Inline, list: Place): Claim[] => {
  const name = nameIn(inline)
  return name === undefined ? [] : [{ ...inline.placeAt(0), kind: 'service', ...name, list }]
}
