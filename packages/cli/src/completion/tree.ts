import type { Command } from 'commander'

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export type Flag = {
  /** `-f`, `--follow` */
  names: string[]
  description: string
  /** What follows it: nothing, a file, a stack, one of some words, or something free. */
  value: 'none' | 'file' | 'stack' | 'free' | readonly string[]
}

export type Leaf = {
  /** `['backup', 'create']` */
  path: string[]
  description: string
  flags: Flag[]
  /** What its operands are; `commands` for one that only has commands below it. */
  operands: 'none' | 'services' | 'file' | 'commands' | readonly string[]
  /** The operands as they are written, and what they mean: `<url>`, `[paths...]`. */
  arguments: { usage: string; description: string }[]
}

/** The command tree as a list, the program itself (an empty path) first. */
export const readTree = (program: Command): Leaf[] => {
  const read = (command: Command, path: string[]): Leaf[] => {
    const below = command.commands.filter((child) => !child.name().startsWith('__'))
    const leaf: Leaf = {
      path,
      description: command.description(),
      flags: [...command.options, helpFlag].map(readFlag),
      operands: below.length > 0 ? 'commands' : operandsOf(command),
      arguments: command.registeredArguments.map((one) => ({
        usage: usageOf(one.name() + (one.variadic ? '...' : ''), one.required),
        description: one.description,
      })),
    }
    return [leaf, ...below.flatMap((child) => read(child, [...path, child.name()]))]
  }
  return read(program, [])
}

const usageOf = (name: string, required: boolean): string => (required ? `<${name}>` : `[${name}]`)

type OptionLike = {
  short?: string | undefined
  long?: string | undefined
  description: string
  argChoices?: readonly string[] | undefined
  required?: boolean
}

const helpFlag: OptionLike = { short: '-h', long: '--help', description: 'show help' }

const readFlag = (option: OptionLike): Flag => ({
  names: [option.short, option.long].filter((name) => name !== undefined),
  description: option.description,
  value: valueOf(option),
})

const valueOf = ({ long, argChoices, required }: OptionLike): Flag['value'] => {
  if (argChoices !== undefined) return argChoices
  if (required !== true) return 'none'
  if (long !== undefined && fileFlags.has(long)) return 'file'
  return long === '--stack' || long === '--project-name' ? 'stack' : 'free'
}

const fileFlags: ReadonlySet<string> = new Set([
  '--file',
  '--env-file',
  '--output',
  '--project-directory',
])

const operandsOf = (command: Command): Leaf['operands'] => {
  const [first] = command.registeredArguments
  const name = first?.name()
  if (name === 'service') return 'services'
  if (name === 'file') return 'file'
  return name === 'shell' ? shells : 'none'
}

/** Names of the commands directly below a path. */
export const childrenOf = (leaves: readonly Leaf[], path: readonly string[]): Leaf[] =>
  leaves.filter(
    (leaf) =>
      leaf.path.length === path.length + 1 && path.every((word, at) => leaf.path[at] === word),
  )
