import { isMap, isNode, isScalar, visit } from 'yaml'
import type { Node } from 'yaml'
import { EditRefused, type Edit } from '../edit.ts'
import { insertPair } from './set-value.ts'
import { findPair, rangeOf, walkDown, type OpenDocument } from './open-document.ts'
import type { Splice } from './splice.ts'

const anywhere = /^(?:0\.0\.0\.0|\[::\]|\*):/

/** The port at this place is published on the loopback; none when it is already. */
export const loopback = (
  open: OpenDocument,
  { line, column, service }: Extract<Edit, { kind: 'loopback' }>,
): Splice[] => {
  // What an anchor shares is refused on the way.
  walkDown(open, ['services', service, 'ports'])
  const port = nodeAt(open, line, column)
  if (isMap(port)) {
    const host = findPair(port, 'host_ip')?.value
    if (host === undefined) return [insertPair(open, port, 'host_ip', '127.0.0.1')]
    throw new EditRefused('the port has a host_ip already')
  }
  if (!isScalar(port)) throw new EditRefused(`line ${line} holds no port`)
  const [from, to] = rangeOf(port)
  const written = open.text.slice(from, to)
  const [quote = ''] = /^["']/.exec(written) ?? []
  const value = written.slice(quote.length, quote.length === 0 ? undefined : -1)
  if (!/^[\w.:[\]${}*/-]+$/.test(value)) throw new EditRefused(`line ${line} holds no plain port`)
  if (value.startsWith('127.') || value.startsWith('[::1]')) return []
  if (value.startsWith('${') && !value.includes('}:'))
    throw new EditRefused('the port is a variable')
  const bare = value.replace(anywhere, '')
  const isPublished = bare.replaceAll(/\$\{[^}]*\}/g, 'x').includes(':')
  return [{ from, to, by: `${quote}127.0.0.1:${isPublished ? '' : ':'}${bare}${quote}` }]
}

const nodeAt = ({ document, lines }: OpenDocument, line: number, column: number): Node => {
  let found: Node | undefined
  visit(document, {
    Node: (_, node) => {
      if (!isNode(node) || !node.range) return undefined
      const at = lines.linePos(node.range[0])
      if (at.line !== line || at.col !== column) return undefined
      found = node
      return visit.BREAK
    },
  })
  if (found === undefined) throw new EditRefused(`nothing begins at ${line}:${column} any more`)
  return found
}
