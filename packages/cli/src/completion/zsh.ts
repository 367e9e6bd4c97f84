import { childrenOf, type Flag, type Leaf } from './tree.ts'

/** Zsh 5, by `_arguments` and `_describe`. */
export const zshScript = (leaves: readonly Leaf[]): string => `#compdef keelson
_keelson_services() {
  local -a names
  names=(\${(f)"$(keelson __complete services 2>/dev/null)"})
  compadd -a names
}
_keelson_stacks() {
  local -a names
  names=(\${(f)"$(keelson __complete stacks 2>/dev/null)"})
  compadd -a names
}
${leaves.map((leaf) => functionOf(leaf, leaves)).join('\n')}
if [[ $funcstack[1] == _keelson ]]; then _keelson "$@"; else compdef _keelson keelson; fi`

const nameOf = (path: readonly string[]): string =>
  ['_keelson', ...path].join('_').replaceAll('-', '_')

const functionOf = (leaf: Leaf, leaves: readonly Leaf[]): string => {
  const flags = leaf.flags.flatMap(flagSpecs).map((spec) => `    ${spec} \\`)
  const body = leaf.operands === 'commands' ? branch(leaf, leaves) : operand(leaf)
  return `${nameOf(leaf.path)}() {\n${body.before}  _arguments -s \\\n${flags.join('\n')}\n    ${body.specs}\n${body.after}}`
}

const operand = ({ operands }: Leaf) => {
  const specs =
    operands === 'services'
      ? "'*:service:_keelson_services'"
      : operands === 'file'
        ? "'*:file:_files'"
        : Array.isArray(operands)
          ? `'1:word:(${operands.join(' ')})'`
          : "'*::nothing:'"
  return { before: '', specs, after: '' }
}

const branch = (leaf: Leaf, leaves: readonly Leaf[]) => {
  const children = childrenOf(leaves, leaf.path)
  const list = children.map(
    ({ path, description }) => `      ${quote(`${path.at(-1)}:${escape(description)}`)}`,
  )
  const cases = children.map(({ path }) => `        ${path.at(-1)}) ${nameOf(path)} ;;`)
  return {
    before: '  local state line\n  local -a commands\n',
    specs: "'1:command:->command' '*::argument:->argument'",
    after: `  case $state in
    command)
      commands=(
${list.join('\n')}
      )
      _describe command commands ;;
    argument)
      case $line[1] in
${cases.join('\n')}
      esac ;;
  esac
`,
  }
}

const flagSpecs = ({ names, description, value }: Flag): string[] =>
  names.map((name) => quote(`*${name}[${escape(description)}]${action(value)}`))

const action = (value: Flag['value']): string => {
  if (value === 'none') return ''
  if (value === 'file') return ':file:_files'
  if (value === 'stack') return ':stack:_keelson_stacks'
  return value === 'free' ? ':value:' : `:value:(${value.join(' ')})`
}

const escape = (text: string): string => text.replaceAll(/[[\]:\\]/g, String.raw`\$&`)
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`
