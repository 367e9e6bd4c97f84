import type { RegexNode } from './regex-syntax.ts'

/** The tree as a pattern for V8 with the flag `u`. */
export const printRegex = (node: RegexNode): string => {
  switch (node.kind) {
    case 'char':
      return node.source
    case 'sequence':
      return node.items.map(printRegex).join('')
    case 'either':
      return node.options.map(printRegex).join('|')
    case 'group':
      return `${node.open}${printRegex(node.item)})`
    case 'repeat': {
      const { min, max } = node
      const bounds = max === Infinity ? `{${min},}` : `{${min},${max}}`
      return `${printRegex(node.item)}${bounds}${node.lazy ? '?' : ''}`
    }
    case 'end':
      return '$'
  }
}

/** What every match starts with, as far as it is certain; of an anchored match. */
export const literalPrefix = (node: RegexNode): string => {
  if (node.kind === 'char') return node.literal ?? ''
  if (node.kind === 'group') return literalPrefix(node.item)
  if (node.kind !== 'sequence') return ''
  let prefix = ''
  for (const item of node.items) {
    prefix += literalPrefix(item)
    if (!isLiteral(item)) break
  }
  return prefix
}

const isLiteral = (node: RegexNode): boolean =>
  node.kind === 'char'
    ? node.literal !== null
    : node.kind === 'group'
      ? isLiteral(node.item)
      : node.kind === 'sequence' && node.items.every(isLiteral)
