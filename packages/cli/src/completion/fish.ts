import { childrenOf, type Flag, type Leaf } from './tree.ts'

/** Fish 3 and newer. */
export const fishScript = (leaves: readonly Leaf[]): string =>
  [
    '# fish completion of keelson',
    'complete -c keelson -f',
    ...leaves.flatMap((leaf) => linesOf(leaf, leaves)),
  ].join('\n')

const linesOf = (leaf: Leaf, leaves: readonly Leaf[]): string[] => {
  const children = childrenOf(leaves, leaf.path)
  const at = conditionOf(leaf, children)
  const commands = children.map(
    ({ path, description }) => `${at} -a ${path.at(-1)} -d ${quote(description)}`,
  )
  return [...commands, ...operandLines(leaf, at), ...leaf.flags.map((flag) => flagLine(flag, at))]
}

/** After its words, and before those of a command below it. */
const conditionOf = ({ path }: Leaf, children: readonly Leaf[]): string => {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`)
  const below = children.map((child) => child.path.at(-1)).join(' ')
  const parts = children.length > 0 ? [...seen, `not __fish_seen_subcommand_from ${below}`] : seen
  return `complete -c keelson -n ${quote(parts.join('; and '))}`
}

const operandLines = ({ operands }: Leaf, at: string): string[] => {
  if (operands === 'services') return [`${at} -a '(keelson __complete services 2>/dev/null)'`]
  if (operands === 'file') return [`${at} -F`]
  return Array.isArray(operands) ? [`${at} -a ${quote(operands.join(' '))}`] : []
}

const flagLine = ({ names, description, value }: Flag, at: string): string => {
  const flags = names.map((name) =>
    name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
  )
  return `${at} ${flags.join(' ')}${valueOf(value)} -d ${quote(description)}`
}

const valueOf = (value: Flag['value']): string => {
  if (value === 'none') return ''
  if (value === 'file') return ' -r -F'
  if (value === 'stack') return " -x -a '(keelson __complete stacks 2>/dev/null)'"
  return value === 'free' ? ' -x' : ` -x -a ${quote(value.join(' '))}`
}

const quote = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`
