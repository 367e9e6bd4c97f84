import { childrenOf, type Leaf } from './tree.ts'

/** Bash 3.2 and newer (that of macOS), without the bash-completion package. */
export const bashScript = (leaves: readonly Leaf[]): string => `# bash completion of keelson
_keelson() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local path='' word i skip=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
    case $word in
      ${valueFlags(leaves).join('|')}) skip=1 ;;
      -*) ;;
      *) case "$path $word" in
${childPaths(leaves)}
        esac ;;
    esac
  done
  COMPREPLY=()
  case "$path:$previous" in
${leaves.flatMap(valueCases).join('\n')}
  esac
  if [[ $current == -* ]]; then
    case $path in
${leaves.map(flagCase).join('\n')}
    esac
    return
  fi
  case $path in
${leaves.map((leaf) => operandCase(leaf, leaves)).join('\n')}
  esac
}
complete -F _keelson keelson`

const keyOf = (path: readonly string[]): string => path.map((word) => ` ${word}`).join('')

/** Flags that take the next word, whatever it is. */
const valueFlags = (leaves: readonly Leaf[]): string[] => {
  const taking = leaves.flatMap(({ flags }) => flags.filter(({ value }) => value !== 'none'))
  const alone = new Set(
    leaves.flatMap(({ flags }) =>
      flags.filter(({ value }) => value === 'none').flatMap(({ names }) => names),
    ),
  )
  // -f takes a file before a command and nothing after logs; there it is only a flag.
  const names = new Set(taking.flatMap((flag) => flag.names).filter((name) => !alone.has(name)))
  return [...names]
}

const childPaths = (leaves: readonly Leaf[]): string =>
  leaves
    .filter(({ path }) => path.length > 0)
    .map(({ path }) => `        '${keyOf(path)}') path='${keyOf(path)}' ;;`)
    .join('\n')

const reply = (words: string): string => `COMPREPLY=($(compgen ${words} -- "$current"))`
const names = (what: string): string => `-W "$(keelson __complete ${what} 2>/dev/null)"`

const valueCases = ({ path, flags }: Leaf): string[] =>
  flags.flatMap(({ names: flagNames, value }) => {
    if (value === 'none') return []
    const patterns = flagNames.map((name) => `'${keyOf(path)}:${name}'`).join('|')
    const words =
      value === 'file'
        ? '-f'
        : value === 'stack'
          ? names('stacks')
          : value === 'free'
            ? undefined
            : `-W '${value.join(' ')}'`
    return [`    ${patterns}) ${words === undefined ? '' : `${reply(words)}; `}return ;;`]
  })

const flagCase = ({ path, flags }: Leaf): string => {
  const words = flags.flatMap((flag) => flag.names).join(' ')
  return `      '${keyOf(path)}') ${reply(`-W '${words}'`)} ;;`
}

const operandCase = ({ path, operands }: Leaf, leaves: readonly Leaf[]): string => {
  const answer = () => {
    if (operands === 'commands') {
      const words = childrenOf(leaves, path).map((leaf) => leaf.path.at(-1))
      return reply(`-W '${words.join(' ')}'`)
    }
    if (operands === 'services') return reply(names('services'))
    if (operands === 'file') return reply('-f')
    return operands === 'none' ? ':' : reply(`-W '${operands.join(' ')}'`)
  }
  return `    '${keyOf(path)}') ${answer()} ;;`
}
